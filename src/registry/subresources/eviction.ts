/**
 * Deletes a Pod on behalf of whoever drains its node, unless a PodDisruptionBudget objects.
 * Upstream: registry/core/pod/storage/eviction.go.
 */
import type { ResourceDefinition } from '../../api/definition.ts'
import { ApiError, badRequestError, conflictError, forbiddenError, invalidError } from '../../api/meta/api-error.ts'
import { findCondition, isConditionTrue, withCondition } from '../../api/meta/conditions.ts'
import { invalid } from '../../api/meta/field-error.ts'
import { selects } from '../../api/meta/selectors.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { DeleteOptions, Eviction, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types.gen.ts'
import type { RegistryContext, Target, WriteOptions } from '../context.ts'
import { deleteObject } from '../delete.ts'
import { encodeUnstored } from '../encode.ts'
import { getEntry } from '../get.ts'
import { admissionRequest } from '../strategy.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'
import { success } from './success.ts'
import { virtualDefinition } from './virtual-definition.ts'

const EVICTION: ResourceDefinition = {
  ...virtualDefinition('policy', 'Eviction', 'io.k8s.api.policy.v1.Eviction'),
  // Not served any more, but still taken here.
  alsoTakes: ['policy/v1beta1'],
}
const BUDGETS = 'poddisruptionbudgets.policy'

/** Upstream: EvictionsRetry: against writers that are faster each time. */
const ATTEMPTS = 20
/** Evictions that the budget's controller hasn't seen through yet; more say that it isn't there. Upstream: MaxDisruptedPodSize. */
const MAX_DISRUPTED_PODS = 2000
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."

export const evict: Subresource = {
  shownAs: () => EVICTION,
  create: async (context, target, object, options) => {
    const eviction = object as unknown as Eviction
    if (eviction.metadata.name !== target.name) throw badRequestError('name in URL does not match name in Eviction object')
    const asked = eviction.deleteOptions ?? {}
    checkDeleteOptions(asked, target)
    const admission = admissionRequest('create', target, 'eviction', object, undefined, options)
    context.admission.mutate(admission)
    context.admission.validate(admission)
    // Whoever evicts doesn't come to own what it says of the Pod.
    const own: WriteOptions = {
      user: options.user,
      dryRun: options.dryRun === true || (asked.dryRun?.length ?? 0) > 0,
      warn: options.warn,
    }

    if (await evictUnguarded(context, target, asked, own)) return success(object)
    const pod = getEntry(context, target).decoded<Pod>()
    const budgets = budgetsOf(context, pod)
    if (budgets.length > 1) return { ...success(object), bytes: encodeUnstored(TWO_BUDGETS as never) }
    const [budget] = budgets
    if (budget === undefined) await markAndDelete(context, target, asked, own)
    else if (isNotCounted(pod, budget)) await deleteUnhealthy(context, target, pod, budget.metadata.name, asked, own)
    else {
      await spend(context, pod, budget, own)
      await markAndDelete(context, target, asked, own)
    }
    return success(object)
  },
}

/** Upstream answers this as if it were a success: with 201. */
const TWO_BUDGETS = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  code: 500,
}

function checkDeleteOptions({ ignoreStoreReadErrorWithClusterBreakingPotential }: DeleteOptions, { name }: Target): void {
  if (!ignoreStoreReadErrorWithClusterBreakingPotential) return
  const field = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential'
  throw invalidError({ group: 'policy', kind: 'Eviction' }, name, [
    invalid(field, true, 'can not be set for pod eviction, try after removing the option'),
  ])
}

/**
 * A Pod that doesn't run, or is going already, disrupts nothing: no budget is asked.
 * @returns false when a budget must be
 */
async function evictUnguarded(context: RegistryContext, target: Target, asked: DeleteOptions, options: WriteOptions): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const pod = getEntry(context, target).decoded<Pod>()
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined
    if (!isOver && pod.status?.phase !== 'Pending') return false
    const insists = asked.preconditions?.resourceVersion !== undefined
    // A Pending one may be about to run.
    const exactly = isOver || insists ? asked : at(asked, pod.metadata.resourceVersion)
    try {
      await markAndDelete(context, target, exactly, options)
      return true
    } catch (error) {
      if (insists || attempt === ATTEMPTS || !(error instanceof ApiError && error.reason === 'Conflict')) throw error
    }
  }
}

function at(asked: DeleteOptions, resourceVersion: string | undefined): DeleteOptions {
  return { ...asked, preconditions: { ...asked.preconditions, resourceVersion } }
}

function budgetsOf({ cache }: RegistryContext, { metadata }: Pod): PodDisruptionBudget[] {
  return cache
    .list(BUDGETS, metadata.namespace)
    .map((entry) => entry.decoded<PodDisruptionBudget>())
    .filter(({ spec }) => selects(spec?.selector, metadata.labels))
}

/** A Pod that isn't ready isn't among the healthy ones that a budget counts. */
function isNotCounted({ status }: Pod, budget: PodDisruptionBudget): boolean {
  if (isConditionTrue(status?.conditions, 'Ready')) return false
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** Only as it is: it may have become healthy since. */
async function deleteUnhealthy(
  context: RegistryContext,
  target: Target,
  pod: Pod,
  budget: string,
  asked: DeleteOptions,
  options: WriteOptions,
): Promise<void> {
  try {
    await markAndDelete(context, target, at(asked, pod.metadata.resourceVersion), options)
  } catch (error) {
    const isOurs = asked.preconditions?.resourceVersion === undefined
    throw isOurs && error instanceof ApiError && error.reason === 'Conflict' ? stillProcessed(budget) : error
  }
}

/** Takes one disruption from the budget, and tells its controller which Pod it was for. @throws ApiError 429, 403 */
async function spend(context: RegistryContext, pod: Pod, budget: PodDisruptionBudget, options: WriteOptions): Promise<void> {
  const target = { definition: context.resources.stored(BUDGETS), namespace: pod.metadata.namespace, name: budget.metadata.name }
  const now = timestamp(context.clock.now())
  await update(context, target, (current) => spent(current as PodDisruptionBudget, pod.metadata.name, now), {
    ...options,
    subresource: 'status',
    // Another eviction may be faster: then the budget is looked at anew.
    isPatch: true,
  })
}

function spent(budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudget {
  const status = budget.status ?? ({} as PodDisruptionBudgetStatus)
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status
  const refuse = (why: string) => forbiddenError({ group: 'policy', resource: 'poddisruptionbudget' }, budget.metadata.name, why)
  if (observedGeneration < (budget.metadata.generation ?? 0)) throw stillProcessed(budget.metadata.name)
  if (disruptionsAllowed < 0) throw refuse('pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > MAX_DISRUPTED_PODS) {
    throw refuse('DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if (disruptionsAllowed === 0) throw tooManyRequests(whyNone(budget), undefined)
  const left = disruptionsAllowed - 1
  const exhausted = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration,
    lastTransitionTime: now,
  }
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [podName]: now },
      ...(left === 0 ? { conditions: withCondition(status.conditions, exhausted) } : {}),
    },
  }
}

function whyNone({ metadata: { name }, status }: PodDisruptionBudget): string {
  const condition = findCondition(status?.conditions, 'DisruptionAllowed')
  const explanation = condition?.status === 'False' ? condition.message : ''
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  const none = `The disruption budget ${name} does not allow evicting pods currently`
  if (explanation && condition?.reason === 'SyncFailed') return `${none} because it failed sync: ${explanation}`
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  }
  return explanation ? `${none} (${condition?.reason}): ${explanation}` : none
}

function stillProcessed(budget: string): ApiError {
  return tooManyRequests(`The disruption budget ${budget} is still being processed by the server.`, 10)
}

function tooManyRequests(cause: string, retryAfterSeconds: number | undefined): ApiError {
  return new ApiError(429, 'TooManyRequests', VIOLATION, {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

/** Says on the Pod why it goes, then lets it go. */
async function markAndDelete(context: RegistryContext, target: Target, asked: DeleteOptions, options: WriteOptions): Promise<void> {
  if (options.dryRun) {
    await deleteObject(context, target, asked, options)
    return
  }
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastProbeTime: null,
    lastTransitionTime: timestamp(context.clock.now()),
  }
  const marked = await update(
    context,
    target,
    (current) => {
      checkPreconditions(current as Pod, asked.preconditions)
      const pod = current as Pod
      return { ...pod, status: { ...pod.status, conditions: withCondition(pod.status?.conditions, condition as never) } } as KubeObject
    },
    { ...options, subresource: 'status', isPatch: true },
  )
  const insists = asked.preconditions?.resourceVersion !== undefined
  await deleteObject(context, target, insists ? at(asked, marked.object.metadata.resourceVersion) : asked, options)
}

function checkPreconditions({ metadata }: Pod, preconditions: DeleteOptions['preconditions']): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const refuse = (why: string) => conflictError({ group: '', resource: 'Pod' }, metadata.name, why)
  if (uid && uid !== metadata.uid) {
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}
