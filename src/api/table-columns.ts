/** What the columns of many kinds share. */
import { age } from './age.ts'
import type { Column } from './definition.ts'
import { fromLabelSelector, selectorText } from './meta/selectors.ts'
import type { KubeObject } from './object.ts'
import type { LabelSelector, PodTemplateSpec } from './types.gen.ts'

type Cell<T> = Column<T>['cell']

/** A column that is always shown. */
export function column<T>(name: string, type: Column<T>['type'], description: string, cell: Cell<T>): Column<T> {
  return { name, type, description, priority: 0, cell }
}

/** A column of `-o wide`. */
export function wideColumn<T>(name: string, description: string, cell: Cell<T>): Column<T> {
  return { name, type: 'string', description, priority: 1, cell }
}

export const nameColumn: Column<KubeObject> = {
  ...column<KubeObject>('Name', 'string', 'Name, unique among the objects of its kind in a namespace.', ({ metadata }) => metadata.name),
  format: 'name',
}

export const ageColumn = column<KubeObject>('Age', 'string', 'Time since the object was created.', ({ metadata }, now) =>
  age(metadata.creationTimestamp, now),
)

/** Names and images of a template's containers. Upstream: layoutContainerCells. */
export function containerColumns<T>(templateOf: (object: T) => PodTemplateSpec | undefined): Column<T>[] {
  const join = (object: T, field: 'name' | 'image') => (templateOf(object)?.spec?.containers ?? []).map((c) => c[field] ?? '').join(',')
  return [
    wideColumn('Containers', 'Names of the containers in the template.', (object) => join(object, 'name')),
    wideColumn('Images', 'Images of the containers in the template.', (object) => join(object, 'image')),
  ]
}

/** Upstream: metav1.FormatLabelSelector. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  return selectorText(fromLabelSelector(selector) ?? []) || '<none>'
}

/** Sorted; `<none>` when there are none. Upstream: labels.FormatLabels. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.sort().join(',') || '<none>'
}

/** The first few of a list, and how many more there are. Upstream: listWithMoreString. */
export function firstFew(list: readonly string[], max: number): string {
  const shown = list.slice(0, max).join(',')
  return list.length > max ? `${shown} + ${list.length - max} more...` : shown
}
