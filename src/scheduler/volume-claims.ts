/** What a pod's claims say about where it can run. Upstream: plugins/volumebinding. */
import { claimFault } from '../api/core/v1/ephemeral-claim.ts'
import { matchesNodeSelectorTerms } from '../api/core/v1/node-match.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../api/types.gen.ts'
import type { Reader } from '../runtime/controller.ts'
import { keyOf } from '../runtime/owner-keys.ts'

export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node'

export interface PodClaims {
  /** Why the pod can run nowhere yet. */
  readonly blocked: string | undefined
  readonly volumes: readonly PersistentVolume[]
  /** Bound once the pod has a node. */
  readonly unbound: readonly PersistentVolumeClaim[]
  /** Classes that exist only in some places. */
  readonly classes: readonly StorageClass[]
  /** Keys of the pods with a node that have a claim which only one pod may have. */
  readonly exclusiveUsers: readonly string[]
}

const NO_CLAIMS: PodClaims = { blocked: undefined, volumes: [], unbound: [], classes: [], exclusiveUsers: [] }

/** Of pods, by the claims they use. */
export const BY_CLAIM = 'claim'

export function claimKeys(pod: Pod): string[] {
  return claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`)
}

export function claimNames(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim !== undefined
      ? [persistentVolumeClaim.claimName]
      : ephemeral !== undefined
        ? [`${pod.metadata.name}-${name}`]
        : [],
  )
}

/** @param isPlaced has a pod, by its key, a node? */
export function claimsOf(reader: Reader, pod: Pod, isPlaced: (key: string) => boolean): PodClaims {
  const names = claimNames(pod)
  if (names.length === 0) return NO_CLAIMS
  const volumes: PersistentVolume[] = []
  const unbound: PersistentVolumeClaim[] = []
  const classes: StorageClass[] = []
  const exclusiveUsers: string[] = []
  const blocked = (reason: string): PodClaims => ({ ...NO_CLAIMS, blocked: reason })
  for (const name of names) {
    const claim = reader.get<PersistentVolumeClaim>('persistentvolumeclaims', pod.metadata.namespace, name)
    if (claim === undefined) return blocked(`persistentvolumeclaim "${name}" not found`)
    const stranger = isEphemeral(pod, name) ? claimFault(pod, claim) : undefined
    if (stranger !== undefined) return blocked(stranger)
    if (claim.metadata.deletionTimestamp !== undefined) return blocked(`persistentvolumeclaim "${name}" is being deleted`)
    if (claim.status?.phase === 'Lost')
      return blocked(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`)
    if (claim.spec.accessModes?.includes('ReadWriteOncePod')) {
      const users = reader.indexed<Pod>('pods', BY_CLAIM, `${pod.metadata.namespace}/${name}`)
      exclusiveUsers.push(...users.map(({ metadata }) => keyOf(metadata.namespace, metadata.name)).filter(isPlaced))
    }
    if (claim.spec.volumeName && claim.status?.phase === 'Bound') {
      const volume = reader.get<PersistentVolume>('persistentvolumes', '', claim.spec.volumeName)
      if (volume === undefined) return blocked(`persistentvolume "${claim.spec.volumeName}" not found`)
      volumes.push(volume)
      continue
    }
    const storageClass = reader.get<StorageClass>('storageclasses.storage.k8s.io', '', claim.spec.storageClassName ?? '')
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return blocked('pod has unbound immediate PersistentVolumeClaims')
    unbound.push(claim)
    classes.push(storageClass)
  }
  return { blocked: undefined, volumes, unbound, classes, exclusiveUsers }
}

function isEphemeral({ metadata, spec }: Pod, claimName: string): boolean {
  return (spec.volumes ?? []).some(({ name, ephemeral }) => ephemeral !== undefined && `${metadata.name}-${name}` === claimName)
}

/** undefined when the volumes can be reached from the node. */
export function volumeConflict({ volumes, classes }: PodClaims, node: Node): string | undefined {
  for (const { spec } of volumes) {
    const required = spec?.nodeAffinity?.required
    if (required !== undefined && !matchesNodeSelectorTerms(required.nodeSelectorTerms, node))
      return "node(s) didn't match PersistentVolume's node affinity"
  }
  for (const { allowedTopologies } of classes) {
    if (allowedTopologies === undefined || allowedTopologies.length === 0) continue
    const isAllowed = allowedTopologies.some(({ matchLabelExpressions }) =>
      (matchLabelExpressions ?? []).every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
    )
    if (!isAllowed) return "node(s) didn't find available persistent volumes to bind"
  }
  return undefined
}

/** Was this node chosen for the pod before, when its claims were to be bound? */
export function isSelectedByClaims({ unbound }: PodClaims, node: string): boolean {
  return unbound.some(({ metadata }) => metadata.annotations?.[SELECTED_NODE_ANNOTATION] === node)
}
