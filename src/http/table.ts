/** Objects as rows: what `kubectl get` prints. Upstream: registry/rest/table.go, printers/internalversion. */
import type { Column, ResourceDefinition, RowCondition } from '../api/definition.ts'
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

/** How an informer is told that what was there has been said: a row must not lose it. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

export interface TableOptions {
  /** `meta.k8s.io/v1`, or its elder */
  readonly apiVersion: string
  readonly includeObject: IncludeObject
  /** Watch events after the first, and noHeaders, leave the column definitions out. */
  readonly withColumns: boolean
  /** Milliseconds since the epoch, for ages. */
  readonly now: number
}

/** @param listMeta resourceVersion and, of a page, continue and remainingItemCount */
export function tableOf(
  { columns = DEFAULT_COLUMNS, rowConditions }: ResourceDefinition,
  objects: readonly KubeObject[],
  listMeta: Record<string, unknown>,
  { apiVersion, includeObject, withColumns, now }: TableOptions,
): object {
  return {
    kind: 'Table',
    apiVersion,
    metadata: listMeta,
    columnDefinitions: withColumns
      ? columns.map(({ name, type, format = '', description, priority }) => ({ name, type, format, description, priority }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...conditionsOf(rowConditions?.(object)),
      object: includedOf(object, includeObject, apiVersion),
    })),
  }
}

function conditionsOf(conditions: readonly RowCondition[] | undefined): object {
  return conditions === undefined ? {} : { conditions }
}

function includedOf(object: KubeObject, includeObject: IncludeObject, apiVersion: string): object | null {
  if (includeObject === 'Object') return object
  const isWanted = includeObject === 'Metadata' || object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true'
  return isWanted ? partialMetadata(object, apiVersion) : null
}

/** The object's metadata alone. */
export function partialMetadata({ metadata }: KubeObject, apiVersion: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata }
}
