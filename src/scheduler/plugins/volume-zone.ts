import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.gen.ts'
import { PLACE_KEYS, placesOf } from '../pod-volumes.ts'
import { type Change, isEqual, never, type Plugin } from './plugin.ts'
import { isClaimOf } from './volume-binding.ts'

/** Volumes labelled with zones and regions are reached from nodes of these only; nodes with no such label reach all. */
export const volumeZone: Plugin = {
  name: 'VolumeZone',
  filter({ volumes }, { node }) {
    if (volumes.places.length === 0) return undefined
    const labels = node!.metadata.labels ?? {}
    if (![...PLACE_KEYS.keys()].some((key) => labels[key] !== undefined)) return undefined
    const isThere = volumes.places.every(({ key, values }) => values.includes(labels[key] ?? labels[PLACE_KEYS.get(key)!] ?? ''))
    return isThere ? undefined : never('node(s) had no available volume zone')
  },
  hints: {
    nodes: (_pod, { current, old }: Change<Node>) =>
      current !== undefined && (old === undefined || !isEqual(old.metadata.labels, current.metadata.labels)),
    persistentvolumeclaims: (pod, { current }: Change<PersistentVolumeClaim>) => current !== undefined && isClaimOf(pod, current),
    persistentvolumes: (_pod, { current, old }: Change<PersistentVolume>) =>
      current !== undefined && (old === undefined || !isEqual(placesOf(old), placesOf(current))),
    'storageclasses.storage.k8s.io': (_pod, { current, old }: Change<StorageClass>) =>
      old === undefined && current!.volumeBindingMode === 'WaitForFirstConsumer',
  },
}
