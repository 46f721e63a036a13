/** Which claims a pod has. Upstream: dynamic-resource-allocation/resourceclaim/resourceclaim.go. */
import { controllerOf } from '../../meta/owner-references.ts'
import type { Pod, PodResourceClaim, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimConsumerReference } from '../../types.gen.ts'

/** Keeps a claim while devices are allocated to it. */
export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection'

export type ClaimName =
  /** `undefined` when it has been found that none is needed. */
  { readonly name: string | undefined; readonly isGenerated: boolean } | { readonly fault: string; readonly isMissing: boolean }

/** The claim's name; of one that is made from a template once it is made. */
export function claimNameOf({ metadata, status }: Pod, podClaim: PodResourceClaim): ClaimName {
  const whose = `pod "${metadata.namespace}/${metadata.name}"`
  if (podClaim.resourceClaimName !== undefined) return { name: podClaim.resourceClaimName, isGenerated: false }
  if (podClaim.resourceClaimTemplateName === undefined) {
    return { fault: `${whose}, spec.resourceClaim "${podClaim.name}": none of the supported fields are set`, isMissing: false }
  }
  const made = status?.resourceClaimStatuses?.find(({ name }) => name === podClaim.name)
  if (made === undefined) return { fault: `${whose}: ResourceClaim not created yet`, isMissing: true }
  return { name: made.resourceClaimName, isGenerated: true }
}

/** By namespace and name, those that are known by name: also what a pod was given for its extended resources. */
export function claimKeys(pod: Pod): string[] {
  const names = (pod.spec.resourceClaims ?? []).map((podClaim) => {
    const found = claimNameOf(pod, podClaim)
    return 'fault' in found ? undefined : found.name
  })
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  return [...names, extended].filter((name) => name !== undefined).map((name) => `${pod.metadata.namespace}/${name}`)
}

/** Why a claim that bears the name of one made for the pod isn't the pod's. */
export function ownerFault(pod: Pod, claim: ResourceClaim): string | undefined {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return undefined
  const { namespace, name } = claim.metadata
  return `ResourceClaim ${namespace}/${name} was not created for Pod ${pod.metadata.namespace}/${pod.metadata.name} (Pod is not owner)`
}

export function isReservedFor({ metadata }: Pod, { status }: ResourceClaim): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false
}

export function consumerReference({ metadata }: Pod): ResourceClaimConsumerReference {
  return { resource: 'pods', name: metadata.name, uid: metadata.uid }
}
