import type { Pod } from '../../types.gen.ts'

/** `NAMESPACE/NAME` of every claim that a pod's volumes are of; those of ephemeral volumes are named after pod and volume. */
export function claimKeysOfPod({ metadata, spec }: Pod): readonly string[] {
  const keys = new Set<string>()
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    if (persistentVolumeClaim !== undefined) keys.add(`${metadata.namespace}/${persistentVolumeClaim.claimName}`)
    else if (ephemeral !== undefined) keys.add(`${metadata.namespace}/${metadata.name}-${name}`)
  }
  return [...keys]
}
