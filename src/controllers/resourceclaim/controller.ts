/**
 * Makes the claims that pods ask for by template, and gives back what claims hold once no pod needs it any more.
 * Upstream: pkg/controller/resourceclaim.
 */
import { claimKeys, claimNameOf } from '../../api/resource/v1/claims-of-pod.ts'
import type { Pod, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimTemplate } from '../../api/types.gen.ts'
import type { ControllerDefinition, KeysOf } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { needsClaims, type ObservedClaim, reconcileClaim } from './reconcile-claim.ts'
import { type ObservedPodClaims, reconcilePodClaims } from './reconcile-pod.ts'
import { CLAIMS } from './resources.ts'

const PODS = 'pods'
const TEMPLATES = 'resourceclaimtemplates.resource.k8s.io'
const BY_TEMPLATE = 'template'
const BY_CLAIM = 'claim'
const NAME = 'resourceclaim'
const COMPONENT = 'resource_claim'

const hasClaims = ({ spec }: Pod) => (spec.resourceClaims?.length ?? 0) > 0
const keyOfPod = ({ metadata }: Pod) => keyOf(metadata.namespace, metadata.name)

/** Pods that want claims made for them, or that were put on a node by somebody other than the scheduler. */
export const podClaimsController: ControllerDefinition<ObservedPodClaims> = {
  name: 'resourceclaim-pods',
  partOf: NAME,
  component: COMPONENT,
  watches: {
    [PODS]: (current) => (current !== undefined && hasClaims(current as Pod) ? [keyOfPod(current as Pod)] : []),
    [TEMPLATES]: (current, _old, reader) =>
      current === undefined
        ? []
        : reader.indexed<Pod>(PODS, BY_TEMPLATE, keyOf(current.metadata.namespace ?? '', current.metadata.name)).map(keyOfPod),
    // One that goes while its pod needs it is made again.
    [CLAIMS]: (current, old, reader) => {
      const { namespace = '', name } = (current ?? old)!.metadata
      return reader.indexed<Pod>(PODS, BY_CLAIM, keyOf(namespace, name)).map(keyOfPod)
    },
  },
  indexes: {
    [PODS]: {
      [BY_CLAIM]: (pod: Pod) => claimKeys(pod),
      [BY_TEMPLATE]: ({ metadata, spec }: Pod) =>
        (spec.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) =>
          name === undefined ? [] : [keyOf(metadata.namespace, name)],
        ),
    },
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const pod = reader.get<Pod>(PODS, namespace, name)
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || !hasClaims(pod)) return undefined
    // What is taken from a pod that has ended isn't made anew.
    if (!needsClaims(pod)) return undefined
    const claims = pod.spec.resourceClaims!.map((podClaim) => {
      const found = claimNameOf(pod, podClaim)
      const claimName = 'fault' in found ? undefined : found.name
      const templateName = podClaim.resourceClaimTemplateName
      return {
        podClaim,
        found,
        claim: claimName === undefined ? undefined : reader.get<ResourceClaim>(CLAIMS, namespace, claimName),
        template: templateName === undefined ? undefined : reader.get<ResourceClaimTemplate>(TEMPLATES, namespace, templateName),
      }
    })
    return { pod, claims, owned: reader.controlledBy<ResourceClaim>(CLAIMS, pod.metadata.uid) }
  },
  reconcile: reconcilePodClaims,
}

/** The claims of pods that don't need them any more. */
const released: KeysOf = (current, old) => {
  const pod = (current ?? old) as Pod
  return needsClaims(current as Pod | undefined) ? [] : claimKeys(pod)
}

export const resourceClaimController: ControllerDefinition<ObservedClaim> = {
  name: NAME,
  component: COMPONENT,
  reconciles: CLAIMS,
  watches: { [PODS]: released },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const claim = reader.get<ResourceClaim>(CLAIMS, namespace, name)
    if (claim === undefined) return undefined
    return { claim, pod: (podName) => reader.get<Pod>(PODS, namespace, podName) }
  },
  reconcile: reconcileClaim,
}
