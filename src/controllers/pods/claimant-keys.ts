import { controllerOf } from '../../api/meta/owner-references.ts'
import { matchesSelector, type Selector } from '../../api/meta/selectors.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Key, Reader } from '../../runtime/controller.ts'
import { keyOf, ownerKeys } from '../../runtime/owner-keys.ts'

/**
 * Keys concerned by a change of an object that owners claim by labels: its controllers of `kind`, now and before, or, for an
 * orphan that is new, was let go, or has other labels, all `owners` whose selector picks it.
 */
export function claimantKeys<T extends KubeObject>(
  kind: string,
  owners: GroupResource,
  selectorOf: (owner: T) => Selector | undefined,
): (current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader) => readonly Key[] {
  const controllers = ownerKeys(kind)
  return (current, old, reader) => {
    const keys = controllers(current, old)
    if (current === undefined || current.metadata.deletionTimestamp !== undefined || controllerOf(current) !== undefined) return keys
    const isNews =
      old === undefined || controllerOf(old) !== undefined || !deepEqual(old.metadata.labels ?? {}, current.metadata.labels ?? {})
    if (!isNews) return keys
    const claimants = reader
      .list<T>(owners, current.metadata.namespace)
      .filter((owner) => {
        const selector = selectorOf(owner)
        return selector !== undefined && matchesSelector(selector, current.metadata.labels)
      })
      .map((owner) => keyOf(owner.metadata.namespace, owner.metadata.name))
    return [...new Set([...keys, ...claimants])]
  }
}
