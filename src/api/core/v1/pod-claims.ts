import type { Pod } from '../../types.gen.ts'

const NONE: readonly string[] = []

/** `NAMESPACE/NAME` of every claim that a pod's volumes are of; those of ephemeral volumes are named after pod and volume. */
export function claimKeysOfPod({ metadata, spec }: Pod): readonly string[] {
  let keys: Set<string> | undefined
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`)
    if (claim === undefined) continue
    keys ??= new Set()
    keys.add(`${metadata.namespace}/${claim}`)
  }
  // Most pods have none, and several indexes ask at each change of one.
  return keys === undefined ? NONE : [...keys]
}
