/** The pods a Job creates. */
import type { New } from '../../api/object.ts'
import type { Container, Job, Pod } from '../../api/types.gen.ts'
import type { CreateAction, ReconcileContext } from '../../runtime/plan.ts'
import { podFromTemplate } from '../pods/pod-from-template.ts'
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT, ignoredIndexFailures, indexFailures } from './job-pods.ts'
import { hasBackoffLimitPerIndex, JOB_API_VERSION, TRACKING_FINALIZER } from './job-state.ts'
import { judgeFailedPod } from './pod-failure-policy.ts'

const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX'
/** A generated name leaves room for its random suffix in a DNS label. */
const LONGEST_PREFIX = 58

/**
 * @param index of an Indexed Job's pod
 * @param replaced the index's failed pod whose failures the new one carries on counting
 */
export function createJobPod(job: Job, context: ReconcileContext, index?: number, replaced?: Pod): CreateAction {
  const pod = podFromTemplate(job.spec?.template, job, JOB_API_VERSION, 'Job', context)
  const finalizers = [...new Set([...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER])]
  const tracked: New<Pod> = { ...pod, metadata: { ...pod.metadata, finalizers } }
  const object = index === undefined ? tracked : withIndex(job, tracked, index, context, replaced)
  return {
    verb: 'create',
    resource: 'pods',
    object,
    event: { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${object.metadata.name}` },
    failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
  }
}

function withIndex(job: Job, pod: New<Pod>, index: number, context: ReconcileContext, replaced: Pod | undefined): New<Pod> {
  const generateName = indexedNamePrefix(job.metadata.name, index)
  const spec = pod.spec!
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: context.newName(generateName),
      generateName,
      labels: { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: { ...pod.metadata.annotations, [COMPLETION_INDEX]: String(index), ...failureCounts(job, replaced) },
    },
    spec: {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndexVariable) }),
    },
  }
}

/** The index is kept whole, the Job's name is cut. Upstream: indexed_job_utils.go podGenerateNameWithIndex. */
function indexedNamePrefix(jobName: string, index: number): string {
  const end = `-${index}-`
  return jobName.slice(0, LONGEST_PREFIX - end.length) + end
}

function failureCounts(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (!hasBackoffLimitPerIndex(job)) return {}
  if (replaced === undefined) return { [INDEX_FAILURE_COUNT]: '0' }
  const { counts } = judgeFailedPod(job.spec?.podFailurePolicy, replaced)
  const ignored = ignoredIndexFailures(replaced) + Number(!counts)
  return {
    [INDEX_FAILURE_COUNT]: String(indexFailures(replaced) + Number(counts)),
    ...(ignored > 0 && { [INDEX_IGNORED_FAILURE_COUNT]: String(ignored) }),
  }
}

/** One that the template sets already stays. */
function withIndexVariable(container: Container): Container {
  if (container.env?.some(({ name }) => name === INDEX_VARIABLE)) return container
  const variable = { name: INDEX_VARIABLE, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } } }
  return { ...container, env: [...(container.env ?? []), variable] }
}
