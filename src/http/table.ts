/** Objects as rows: what `kubectl get` prints. Upstream: registry/rest/table.go, printers/internalversion. */
import type { Column, ResourceDefinition } from '../api/definition.ts'
import type { KubeObject } from '../api/object.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** What a kind prints that declares no columns. */
const DEFAULT_COLUMNS: readonly Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the object.', priority: 0, cell: ({ metadata }) => metadata.name },
  {
    name: 'Created At',
    type: 'date',
    description: 'When the object was created.',
    priority: 0,
    cell: ({ metadata }) => metadata.creationTimestamp,
  },
]

export interface TableOptions {
  readonly includeObject: IncludeObject
  /** Watch events after the first, and noHeaders, leave the column definitions out. */
  readonly withColumns: boolean
  /** Milliseconds since the epoch, for ages. */
  readonly now: number
}

/** @param listMeta resourceVersion and, of a page, continue and remainingItemCount */
export function tableOf(
  { columns = DEFAULT_COLUMNS }: ResourceDefinition,
  objects: readonly KubeObject[],
  listMeta: Record<string, unknown>,
  { includeObject, withColumns, now }: TableOptions,
): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: withColumns
      ? columns.map(({ name, type, format = '', description, priority }) => ({ name, type, format, description, priority }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...(includeObject === 'None' ? {} : { object: includeObject === 'Object' ? object : partialMetadata(object) }),
    })),
  }
}

/** The object's metadata alone. */
export function partialMetadata({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
