/** What a pod's claims say about where it can run. Upstream: plugins/volumebinding, volumerestrictions and volumezone, PreFilter. */
import { classOf } from '../api/core/v1/claim-facts.ts'
import { BIND_COMPLETED } from '../api/core/v1/volume-annotations.ts'
import { compareQuantities } from '../api/meta/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../api/types.gen.ts'
import type { PodInfo } from './pod-info.ts'
import type { VolumeReader } from './volume-reader.ts'

export interface ClaimUse {
  readonly name: string
  readonly isEphemeral: boolean
}

export interface BoundClaim {
  readonly claim: PersistentVolumeClaim
  /** undefined when there is none of the name that the claim has. */
  readonly volume: PersistentVolume | undefined
}

/** A claim that gets its volume once the pod has a node. */
export interface DelayedClaim {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
}

interface PlacesOfVolume {
  readonly key: string
  readonly values: readonly string[]
}

const ZONE_KEYS = [
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]

export class PodVolumes {
  readonly claims: readonly ClaimUse[]
  /** Why the pod can run nowhere yet, and which plugin says so. */
  readonly blocked: { readonly plugin: string; readonly reason: string } | undefined
  readonly bound: readonly BoundClaim[]
  /** Smallest first. */
  readonly delayed: readonly DelayedClaim[]
  /** Labels of volumes that their nodes must have too. */
  readonly places: readonly PlacesOfVolume[]
  readonly #exclusive: ReadonlySet<string>
  #exclusiveInUse: number

  /** @param isUsed is a claim, by namespace and name, in use by a pod that is placed? */
  constructor(storage: VolumeReader, pod: Pod, isUsed: (claim: string) => boolean) {
    this.claims = claimsOf(pod)
    const claims = this.claims.map(({ name }) => storage.claim(pod.metadata.namespace, name)).filter((claim) => claim !== undefined)
    this.#exclusive = new Set(
      claims
        .filter(({ metadata, spec }) => spec.accessModes?.includes('ReadWriteOncePod') && !this.#isEphemeral(metadata.name))
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    )
    this.#exclusiveInUse = [...this.#exclusive].filter(isUsed).length
    const isDelayed = (claim: PersistentVolumeClaim) =>
      !claim.spec.volumeName && storage.storageClass(classOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer'
    this.bound = claims.filter(isFullyBound).map((claim) => ({ claim, volume: storage.volume(claim.spec.volumeName!) }))
    this.delayed = claims
      .filter((claim) => !isFullyBound(claim) && isDelayed(claim))
      .map((claim) => ({ claim, storageClass: storage.storageClass(classOf(claim))! }))
      .sort((a, b) => compareQuantities(sizeOf(a.claim), sizeOf(b.claim)))
    this.places = this.bound.flatMap(({ volume }) => placesOf(volume))
    this.blocked = this.claims.length === 0 ? undefined : whyBlocked(storage, pod, this.claims, isDelayed)
  }

  /** Is a claim that one pod alone may use in use by another? */
  get isTaken(): boolean {
    return this.#exclusiveInUse > 0
  }

  /** A pod comes somewhere or goes. */
  change({ pod }: PodInfo, by: 1 | -1): void {
    for (const { name } of claimsOf(pod)) if (this.#exclusive.has(`${pod.metadata.namespace}/${name}`)) this.#exclusiveInUse += by
  }

  #isEphemeral(name: string): boolean {
    return this.claims.some((use) => use.name === name && use.isEphemeral)
  }
}

export function claimsOf({ metadata, spec }: Pod): ClaimUse[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }): ClaimUse[] => {
    if (persistentVolumeClaim !== undefined) return [{ name: persistentVolumeClaim.claimName, isEphemeral: false }]
    return ephemeral === undefined ? [] : [{ name: `${metadata.name}-${name}`, isEphemeral: true }]
  })
}

export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec.volumeName) && metadata.annotations?.[BIND_COMPLETED] !== undefined
}

export function sizeOf({ spec }: PersistentVolumeClaim): string | number | undefined {
  return spec.resources?.requests?.storage
}

/** In the order in which upstream's plugins look. */
function whyBlocked(
  storage: VolumeReader,
  pod: Pod,
  claims: readonly ClaimUse[],
  isDelayed: (claim: PersistentVolumeClaim) => boolean,
): PodVolumes['blocked'] {
  const find = (name: string) => storage.claim(pod.metadata.namespace, name)
  const missing = claims.find(({ name, isEphemeral }) => !isEphemeral && find(name) === undefined)
  if (missing !== undefined) return { plugin: 'VolumeRestrictions', reason: `persistentvolumeclaim "${missing.name}" not found` }
  const by = (reason: string) => ({ plugin: 'VolumeBinding', reason })
  for (const { name, isEphemeral } of claims) {
    const claim = find(name)
    if (claim === undefined) return by(`waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`)
    if (claim.status?.phase === 'Lost') {
      return by(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`)
    }
    if (claim.metadata.deletionTimestamp !== undefined) return by(`persistentvolumeclaim "${name}" is being deleted`)
    if (isEphemeral && !claim.metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid)) {
      const { namespace, name: podName } = pod.metadata
      return by(`PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`)
    }
  }
  const isImmediate = (claim: PersistentVolumeClaim) => !isFullyBound(claim) && !isDelayed(claim)
  if (claims.some(({ name }) => isImmediate(find(name)!))) return by('pod has unbound immediate PersistentVolumeClaims')
  return undefined
}

/** A volume in several zones has them separated by `__`. Upstream: volumehelpers.LabelZonesToSet. */
export function placesOf(volume: PersistentVolume | undefined): PlacesOfVolume[] {
  return ZONE_KEYS.flatMap((key) => {
    const values = volume?.metadata.labels?.[key]?.split('__').map((value) => value.trim())
    return values === undefined || values.includes('') ? [] : [{ key, values }]
  })
}

/** Upstream: volumezone translateToGALabel. */
export const PLACE_KEYS: ReadonlyMap<string, string> = new Map([
  [ZONE_KEYS[0]!, ZONE_KEYS[2]!],
  [ZONE_KEYS[1]!, ZONE_KEYS[3]!],
  [ZONE_KEYS[2]!, ZONE_KEYS[2]!],
  [ZONE_KEYS[3]!, ZONE_KEYS[3]!],
])
