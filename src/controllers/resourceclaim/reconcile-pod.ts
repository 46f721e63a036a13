import { type ClaimName, consumerReference, isReservedFor, ownerFault } from '../../api/resource/v1/claims-of-pod.ts'
import type { Pod, PodResourceClaim, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimTemplate } from '../../api/types.gen.ts'
import type { Action, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { CLAIMS } from './resources.ts'

export interface ObservedPodClaim {
  readonly podClaim: PodResourceClaim
  readonly found: ClaimName
  /** The one of the name that was found. */
  readonly claim: ResourceClaim | undefined
  readonly template: ResourceClaimTemplate | undefined
}

export interface ObservedPodClaims {
  readonly pod: Pod
  /** Those the pod asks for, in its order. */
  readonly claims: readonly ObservedPodClaim[]
  /** Claims whose controller the pod is. */
  readonly owned: readonly ResourceClaim[]
}

/** Which of the pod's claims it was made for. */
const POD_CLAIM = 'resource.kubernetes.io/pod-claim-name'

/** Room for a hyphen and five characters in a name of 63. */
const LONGEST_BASE = 57

/** Upstream: controller.go syncPod; a claim that can't be made holds up those after it. */
export function reconcilePodClaims({ pod, claims, owned }: ObservedPodClaims, { newName }: Pick<ReconcileContext, 'newName'>): Plan {
  const creates: Action[] = []
  const names = new Map<string, string | undefined>(
    pod.status?.resourceClaimStatuses?.map(({ name, resourceClaimName }) => [name, resourceClaimName]),
  )
  let isNew = false
  for (const each of claims) {
    const { podClaim, template } = each
    if (!isToBeMade(pod, each)) continue
    const made = owned.find(({ metadata }) => metadata.annotations?.[POD_CLAIM] === podClaim.name)
    if (made === undefined && template === undefined) return { actions: creates, ...failure(pod, podClaim, missingTemplate(podClaim)) }
    const base = baseOf(pod.metadata.name, podClaim.name)
    const name = made?.metadata.name ?? newName(base)
    if (made === undefined) creates.push(create(pod, podClaim, template!, base, name))
    names.set(podClaim.name, name)
    isNew = true
  }
  const { namespace, name, uid } = pod.metadata
  const statuses = [...names].map(([podClaim, resourceClaimName]) => ({
    name: podClaim,
    ...(resourceClaimName !== undefined && { resourceClaimName }),
  }))
  const patch = { metadata: { uid }, status: { resourceClaimStatuses: statuses } }
  const tell: Action[] = isNew ? [{ verb: 'patch', target: { resource: 'pods', namespace, name }, patch, subresource: 'status' }] : []
  return { actions: [...creates, ...tell, ...(isNew || !pod.spec.nodeName ? [] : reservations(pod, claims))] }
}

/** It has none yet, or the one it had is gone or another's. */
function isToBeMade(pod: Pod, { podClaim, found, claim }: ObservedPodClaim): boolean {
  if (podClaim.resourceClaimTemplateName === undefined) return false
  if ('fault' in found) return found.isMissing
  return found.name !== undefined && (claim === undefined || ownerFault(pod, claim) !== undefined)
}

function create(pod: Pod, podClaim: PodResourceClaim, { spec }: ResourceClaimTemplate, generateName: string, name: string): Action {
  const { annotations, labels } = spec.metadata ?? {}
  const object = {
    metadata: {
      name,
      generateName,
      namespace: pod.metadata.namespace,
      annotations: { ...annotations, [POD_CLAIM]: podClaim.name },
      ...(labels && { labels: { ...labels } }),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid, controller: true }],
    },
    spec: structuredClone(spec.spec),
  }
  const failureEvent = { ...warning(podClaim, 'create ResourceClaim : '), about: pod }
  return { verb: 'create', resource: CLAIMS, object: object as never, failureEvent }
}

/** Both names are cut in proportion. */
function baseOf(pod: string, podClaim: string): string {
  const base = `${pod}-${podClaim}-`
  if (base.length <= LONGEST_BASE) return base
  const cut = (name: string) => name.slice(0, Math.floor((name.length * LONGEST_BASE) / base.length))
  return `${cut(pod)}-${cut(podClaim)}`
}

/** For pods that didn't get their node from the scheduler. */
function reservations(pod: Pod, claims: readonly ObservedPodClaim[]): Action[] {
  const usable: ResourceClaim[] = []
  for (const { found, claim } of claims) {
    if ('fault' in found) break
    if (found.name === undefined) continue
    if (claim === undefined || (found.isGenerated && ownerFault(pod, claim) !== undefined)) break
    if (claim.status?.allocation !== undefined && !isReservedFor(pod, claim)) usable.push(claim)
  }
  return usable.map((claim): Action => {
    const { status } = claim
    const reservedFor = [...(status?.reservedFor ?? []), consumerReference(pod)]
    return {
      verb: 'update',
      resource: CLAIMS,
      object: { ...claim, status: { ...status, reservedFor } } as ResourceClaim,
      subresource: 'status',
    }
  })
}

function missingTemplate({ resourceClaimTemplateName: name }: PodResourceClaim): string {
  return `resource claim template "${name}": resourceclaimtemplate.resource.k8s.io "${name}" not found`
}

function warning({ name }: PodResourceClaim, fault: string) {
  return { type: 'Warning', reason: 'FailedResourceClaimCreation', message: `PodResourceClaim ${name}: ${fault}` } as const
}

function failure(pod: Pod, podClaim: PodResourceClaim, fault: string): Pick<Plan, 'events' | 'waitingOn'> {
  return { events: [{ ...warning(podClaim, fault), about: pod }], waitingOn: fault }
}
