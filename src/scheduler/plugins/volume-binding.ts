/** Can the pod's volumes be reached from a node, or found or made for it there? Upstream: volumebinding/binder.go FindPodVolumes. */
import { classOf } from '../../api/core/v1/claim-facts.ts'
import { findMatchingVolume, isReachable } from '../../api/core/v1/match-volume.ts'
import { SELECTED_NODE } from '../../api/core/v1/volume-annotations.ts'
import { compareQuantities } from '../../api/meta/quantity.ts'
import { selects } from '../../api/meta/selectors.ts'
import type { CSIStorageCapacity, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../api/types.gen.ts'
import { claimsOf, type DelayedClaim, sizeOf } from '../pod-volumes.ts'
import type { Situation } from '../situation.ts'
import { type Change, isEqual, never, type Plugin } from './plugin.ts'

/** What is to be bound once the pod has that node. */
export interface VolumeChoice {
  readonly reasons: readonly string[]
  readonly found: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[]
  readonly toProvision: readonly PersistentVolumeClaim[]
}

const BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
/** Of classes whose volumes are made by hand. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  filter(situation, { node }) {
    if (situation.volumes.claims.length === 0) return undefined
    const { reasons } = chooseVolumes(situation, node!)
    return reasons.length === 0 ? undefined : never(...reasons)
  },
  hints: {
    'storageclasses.storage.k8s.io': (_pod, { current, old }: Change<StorageClass>) =>
      current !== undefined && (old === undefined || !isEqual(current.allowedTopologies, old.allowedTopologies)),
    persistentvolumeclaims: (pod, { current }: Change<PersistentVolumeClaim>) => current !== undefined && isClaimOf(pod, current),
    persistentvolumes: (_pod, { current }: Change<PersistentVolume>) => current !== undefined,
    nodes: (_pod, { current, old }: Change<Node>) =>
      current !== undefined && (old === undefined || !isEqual(old.metadata.labels, current.metadata.labels)),
    'csinodes.storage.k8s.io': (_pod, { old }: Change) => old === undefined,
    'csidrivers.storage.k8s.io': () => false,
    'csistoragecapacities.storage.k8s.io': (_pod, { current, old }: Change<CSIStorageCapacity>) =>
      current !== undefined && (old === undefined || compareQuantities(largest(current), largest(old)) > 0),
  },
}

export function isClaimOf(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  return metadata.namespace === pod.metadata.namespace && claimsOf(pod).some(({ name }) => name === metadata.name)
}

export function chooseVolumes(situation: Situation, node: Node): VolumeChoice {
  const { bound, delayed } = situation.volumes
  const reasons: string[] = []
  const refuse = (...more: string[]): VolumeChoice => ({ reasons: [...reasons, ...more], found: [], toProvision: [] })
  if (bound.some(({ volume }) => volume !== undefined && !isReachable(volume, node))) {
    reasons.push("node(s) didn't match PersistentVolume's node affinity")
  }
  const isMissing = bound.some(({ volume }) => volume === undefined)
  const missing = isMissing ? ['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'] : []
  const isElsewhere = ({ claim }: DelayedClaim) =>
    (claim.metadata.annotations?.[SELECTED_NODE] ?? node.metadata.name) !== node.metadata.name
  if (delayed.some(isElsewhere)) return refuse(BIND_CONFLICT, ...missing)
  const chosen = new Set<string>()
  const found: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = []
  const toProvision: DelayedClaim[] = delayed.filter(({ claim }) => claim.metadata.annotations?.[SELECTED_NODE] !== undefined)
  for (const each of delayed) {
    if (toProvision.includes(each)) continue
    const free = situation.storage.volumesOfClass(classOf(each.claim)).filter(({ metadata }) => !chosen.has(metadata.name))
    const volume = findMatchingVolume(each.claim, free, node, false)
    // The one that is reserved for it is nowhere else: another won't do.
    if (volume === undefined || !isReachable(volume, node)) toProvision.push(each)
    else {
      chosen.add(volume.metadata.name)
      found.push({ claim: each.claim, volume })
    }
  }
  for (const { claim, storageClass } of toProvision) {
    if (!canProvision(storageClass, node)) return refuse(BIND_CONFLICT, ...missing)
    if (!hasSpace(situation, storageClass, claim, node)) return refuse('node(s) did not have enough free storage', ...missing)
  }
  return { reasons: [...reasons, ...missing], found, toProvision: toProvision.map(({ claim }) => claim) }
}

function canProvision({ provisioner, allowedTopologies }: StorageClass, node: Node): boolean {
  if (!provisioner || provisioner === NO_PROVISIONER) return false
  if (allowedTopologies === undefined || allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
  )
}

/** Of drivers that say how much room they have where. Upstream: hasEnoughCapacity. */
function hasSpace({ storage }: Situation, { metadata, provisioner }: StorageClass, claim: PersistentVolumeClaim, node: Node): boolean {
  const size = sizeOf(claim)
  if (size === undefined || storage.csiDriver(provisioner)?.spec.storageCapacity !== true) return true
  return storage
    .capacitiesOfClass(metadata.name)
    .some(
      (capacity) =>
        largest(capacity) !== undefined &&
        compareQuantities(largest(capacity), size) >= 0 &&
        selects(capacity.nodeTopology, node.metadata.labels),
    )
}

function largest({ maximumVolumeSize, capacity }: CSIStorageCapacity): string | number | undefined {
  return maximumVolumeSize ?? capacity
}
