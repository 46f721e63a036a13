/**
 * How strategic merge patch merges lists whose items are known by a merge key, or that are sets of scalars; and the order of what
 * comes out: `$setElementOrder` > the patch > the live list. kubectl apply relies on that order.
 * Upstream: strategicpatch/patch.go mergeSlice, normalizeElementOrder.
 */
import { badRequestError } from '../api-error.ts'
import { goText, goType } from './go-text.ts'
import { unforeseenPatchError, unprocessablePatchError } from './patch-error.ts'

export type JsonMap = Record<string, unknown>

/** What names an item: its merge key's value, or the item itself when it is a scalar. */
type Identify = (item: unknown) => unknown

export interface ListMerge {
  /** undefined for lists of scalars */
  readonly mergeKey: string | undefined
  /** Merges one item's patch into it. */
  readonly mergeItem: (original: JsonMap, patch: JsonMap) => JsonMap
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The lists merged by what names their items, in the patch's order. */
export function mergeList(original: readonly unknown[], patch: readonly unknown[], { mergeKey, mergeItem }: ListMerge): unknown[] {
  if (original.length === 0 && patch.length === 0) return []
  if (!hasMaps(original, patch)) {
    const merged = [...new Set([...original, ...patch])]
    return orderItems(merged, patch, original, identity)
  }
  if (mergeKey === undefined) throw unforeseenPatchError('cannot merge lists without merge key for struct')
  const { rest, items } = applyDirectives(original, patch, mergeKey)
  const merged = [...rest]
  for (const item of items) {
    const key = keyOf(item, mergeKey)
    const at = findByKey(merged, mergeKey, key)
    if (at < 0) merged.push(item)
    else merged[at] = mergeItem(merged[at] as JsonMap, item)
  }
  return orderItems(merged, items, rest, byKey(mergeKey))
}

/** `$patch: delete` takes items out; `$patch: replace` makes the patch's other items all there is. */
function applyDirectives(original: readonly unknown[], patch: readonly unknown[], mergeKey: string): { rest: unknown[]; items: JsonMap[] } {
  let rest = [...original]
  const items: JsonMap[] = []
  let isReplaced = false
  for (const item of patch as JsonMap[]) {
    const directive = item.$patch
    if (!Object.hasOwn(item, '$patch')) items.push(item)
    else if (directive === 'delete') {
      const key = keyOf(item, mergeKey)
      rest = rest.filter((candidate) => !isMap(candidate) || candidate[mergeKey] !== key)
    } else if (directive === 'replace') isReplaced = true
    else if (directive === 'merge') throw unforeseenPatchError('merging lists cannot yet be specified in the patch')
    else throw unforeseenPatchError(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`)
  }
  return isReplaced ? { rest: items, items: [] } : { rest, items }
}

/** What `$setElementOrder` asks for, over the merged list. */
export function orderBySetElementOrder(
  merged: readonly unknown[],
  setElementOrder: readonly unknown[],
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  if (mergeKey === undefined) return orderItems(merged, setElementOrder, original, identity)
  return orderItems(merged, setElementOrder, liveOrder(original, patch as readonly JsonMap[], mergeKey), byKey(mergeKey))
}

/**
 * What comes before what in the live list: new items that take the room of deleted ones count as being there, last.
 * Upstream: deleteMatchingEntries and append, which write into the list that normalizeElementOrder looks at.
 */
function liveOrder(original: readonly unknown[], patch: readonly JsonMap[], mergeKey: string): readonly unknown[] {
  const deleted = new Set(patch.filter((item) => item.$patch === 'delete').map((item) => item[mergeKey]))
  if (deleted.size === 0) return original
  const rest = original.filter((item) => !deleted.has((item as JsonMap)[mergeKey]))
  const added = patch.filter((item) => !Object.hasOwn(item, '$patch') && findByKey(rest, mergeKey, item[mergeKey]) < 0)
  return [...rest, ...added.slice(0, original.length - rest.length)]
}

/** @throws when the patch has items that `$setElementOrder` lacks, or has them in another order */
export function checkSetElementOrder(patch: readonly unknown[], setElementOrder: readonly unknown[], mergeKey: string | undefined): void {
  if (patch.length === 0 || setElementOrder.length === 0) return
  const kept = patch.filter((item) => mergeKey === undefined || !isMap(item) || item.$patch !== 'delete')
  let at = 0
  for (const wanted of setElementOrder) {
    while (at < kept.length && isMap(kept[at]) && Object.hasOwn(kept[at] as JsonMap, '$patch')) at++
    if (at >= kept.length) return
    const isSame = mergeKey === undefined ? kept[at] === wanted : keyOf(kept[at], mergeKey) === keyOf(wanted, mergeKey)
    if (isSame) at++
  }
  if (at < kept.length) {
    throw unforeseenPatchError(
      `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(setElementOrder)}\n`,
    )
  }
}

/** `$deleteFromPrimitiveList`. */
export function deleteFromList(original: readonly unknown[], toDelete: readonly unknown[]): unknown[] {
  if (original.length > 0 || toDelete.length > 0) hasMaps(original, toDelete)
  return original.filter((item) => !toDelete.includes(item))
}

/**
 * Items that the patch speaks of in its order, the others in the live list's; then both interleaved: one that only the server
 * has comes before the next patched one if it did so in the live list.
 */
function orderItems(
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  identify: Identify,
): unknown[] {
  const patchRank = ranks(patchOrder, identify)
  const serverRank = ranks(serverOrder, identify)
  const inOrder = (items: unknown[], rank: Map<unknown, number>) =>
    items.sort((a, b) => (rank.get(identify(a)) ?? 0) - (rank.get(identify(b)) ?? 0))
  const serverOnly = inOrder(
    merged.filter((item) => !patchRank.has(identify(item))),
    serverRank,
  )
  const patched = inOrder(
    merged.filter((item) => patchRank.has(identify(item))),
    patchRank,
  )
  const result: unknown[] = []
  let next = 0
  for (const item of patched) {
    const rank = serverRank.get(identify(item))
    while (
      next < serverOnly.length &&
      rank !== undefined &&
      (serverRank.get(identify(serverOnly[next])) ?? Number.POSITIVE_INFINITY) < rank
    ) {
      result.push(serverOnly[next++])
    }
    result.push(item)
  }
  return [...result, ...serverOnly.slice(next)]
}

function ranks(order: readonly unknown[], identify: Identify): Map<unknown, number> {
  const rank = new Map<unknown, number>()
  order.forEach((item, i) => {
    const id = identify(item)
    if (!rank.has(id)) rank.set(id, i)
  })
  return rank
}

function identity(item: unknown): unknown {
  return item
}

function byKey(mergeKey: string): Identify {
  return (item) => keyOf(item, mergeKey)
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isMap(item)) throw unforeseenPatchError(`expected a map[string]interface {}, but received a ${goType(item)}`)
  if (!Object.hasOwn(item, mergeKey)) {
    throw unforeseenPatchError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`)
  }
  return item[mergeKey]
}

function findByKey(items: readonly unknown[], mergeKey: string, key: unknown): number {
  return items.findIndex((item) => isMap(item) && item[mergeKey] === key)
}

/** Are the items maps? @throws when they aren't all of one type */
function hasMaps(...lists: (readonly unknown[])[]): boolean {
  let type: string | undefined
  for (const item of lists.flat()) {
    const current = goType(item)
    if (type === undefined && Array.isArray(item)) throw unprocessablePatchError()
    type ??= current
    if (current !== type) throw unforeseenPatchError(`list element types are not identical: ${goText(lists)}`)
  }
  return type === 'map[string]interface {}'
}

/** @throws ApiError 400 */
export function listOr400(value: unknown, what: 'setElementOrder list' | 'primitive list' | 'retainKeys'): unknown[] {
  if (!Array.isArray(value)) throw badRequestError(`invalid patch format of ${what}`)
  return value
}
