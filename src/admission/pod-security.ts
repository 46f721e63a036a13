import { forbiddenError, invalidError } from '../api/meta/api-error.ts'
import type { GroupResource, KubeObject } from '../api/object.ts'
import type { CronJob, Deployment, Namespace, Pod, PodTemplate, PodTemplateSpec } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import { type AdmissionPlugin, type AdmissionRequest, type ClusterView, nameForMessages } from './admission.ts'
import { violationsOf, violationsText } from './pod-security/evaluate.ts'
import { warningsOfExistingPods } from './pod-security/existing-pods.ts'
import {
  compareLevels,
  isFullyPrivileged,
  isSamePolicy,
  type LevelVersion,
  levelVersionText,
  policyOf,
  setModesText,
} from './pod-security/policy.ts'

/** Whom no policy holds for. Upstream: PodSecurityConfiguration.exemptions; none by default. */
export interface PodSecurityExemptions {
  readonly usernames?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly runtimeClasses?: readonly string[]
}

/** Subresources that change nothing of what a pod may. */
const HARMLESS_SUBRESOURCES = ['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']

const specTemplate = (object: KubeObject) => (object as Deployment).spec.template as PodTemplateSpec | undefined

/** The pods that other objects make. */
const TEMPLATES: Readonly<Record<GroupResource, (object: KubeObject) => PodTemplateSpec | undefined>> = {
  podtemplates: (object) => (object as PodTemplate).template,
  replicationcontrollers: specTemplate,
  'replicasets.apps': specTemplate,
  'deployments.apps': specTemplate,
  'statefulsets.apps': specTemplate,
  'daemonsets.apps': specTemplate,
  'jobs.batch': specTemplate,
  'cronjobs.batch': (object) => (object as CronJob).spec.jobTemplate.spec?.template,
}

/**
 * Holds pods to the policy that their namespace's labels ask for; of templates and of labels it only warns.
 * There is no audit log, so of the mode `audit` nothing is to be seen.
 * Upstream: plugin/admission/security/podsecurity, k8s.io/pod-security-admission/admission.
 */
export function podSecurity(exemptions: PodSecurityExemptions = {}): AdmissionPlugin {
  const isExempt = ({ namespace, user }: AdmissionRequest) =>
    exemptions.namespaces?.includes(namespace) === true || exemptions.usernames?.includes(user.name) === true
  const isExemptClass = (name: string | undefined) => name !== undefined && exemptions.runtimeClasses?.includes(name) === true
  return {
    name: 'PodSecurity',
    handles: ({ operation, definition, subresource }) => {
      if (operation === 'delete') return false
      if (definition.groupResource === 'pods') return !HARMLESS_SUBRESOURCES.includes(subresource)
      return subresource === '' && (definition.groupResource === 'namespaces' || TEMPLATES[definition.groupResource] !== undefined)
    },
    validate: (request, cluster) => {
      const { definition, object } = request
      if (definition.groupResource === 'namespaces') validateNamespace(request, cluster, exemptions, isExemptClass)
      else if (isExempt(request)) return
      else if (definition.groupResource === 'pods') validatePod(request, cluster, isExemptClass)
      else warnOfTemplate(request, cluster, TEMPLATES[definition.groupResource]!(object!), isExemptClass)
    },
  }
}

type IsExemptClass = (name: string | undefined) => boolean

function namespacePolicy({ namespace }: AdmissionRequest, cluster: ClusterView) {
  return policyOf(cluster.get<Namespace>('namespaces', '', namespace)?.metadata.labels)
}

function validatePod(request: AdmissionRequest, cluster: ClusterView, isExemptClass: IsExemptClass): void {
  const { policy } = namespacePolicy(request, cluster)
  if (isFullyPrivileged(policy)) return
  const pod = request.object as Pod
  if (request.old !== undefined && !bringsImages(pod, request.old as Pod)) return
  if (isExemptClass(pod.spec.runtimeClassName)) return
  const violations = violationsOf(policy.enforce, pod.metadata, pod.spec)
  if (violations.length > 0) {
    const text = `violates PodSecurity ${JSON.stringify(levelVersionText(policy.enforce))}: ${violationsText(violations)}`
    throw forbiddenError(request.definition, nameForMessages(pod), text)
  }
  if (!isSamePolicy(policy.warn, policy.enforce)) warnOf(request, policy.warn, pod)
}

function warnOfTemplate(
  request: AdmissionRequest,
  cluster: ClusterView,
  template: PodTemplateSpec | undefined,
  isExemptClass: IsExemptClass,
): void {
  if (template?.spec === undefined || isExemptClass(template.spec.runtimeClassName)) return
  warnOf(request, namespacePolicy(request, cluster).policy.warn, template)
}

function warnOf({ warn }: AdmissionRequest, policy: LevelVersion, { metadata, spec }: PodTemplateSpec): void {
  const violations = violationsOf(policy, metadata, spec!)
  if (violations.length === 0) return
  warn(`would violate PodSecurity ${JSON.stringify(levelVersionText(policy))}: ${violationsText(violations)}`)
}

/** Of a running pod little may change; an image that changes, or a container that joins, makes it another one. */
function bringsImages({ spec }: Pod, { spec: before }: Pod): boolean {
  for (const field of ['containers', 'initContainers'] as const) {
    const now = spec[field] ?? []
    const then = before[field] ?? []
    if (now.length !== then.length || now.some(({ image }, i) => image !== then[i]!.image)) return true
  }
  return (spec.ephemeralContainers ?? []).some(
    ({ name, image }) => before.ephemeralContainers?.find((each) => each.name === name)?.image !== image,
  )
}

function validateNamespace(
  request: AdmissionRequest,
  cluster: ClusterView,
  exemptions: PodSecurityExemptions,
  isExemptClass: IsExemptClass,
): void {
  const { object, old, definition, warn } = request
  const { name, labels } = object!.metadata
  const { policy, errors } = policyOf(labels)
  const before = old && policyOf(old.metadata.labels)
  if (errors.length > 0 && (before === undefined || before.errors.length === 0 || !deepEqual(errors, before.errors))) {
    throw invalidError(definition, name, errors)
  }
  if (before !== undefined && !isStricter(policy.enforce, before.policy.enforce)) return
  if (exemptions.namespaces?.includes(name)) {
    if (isFullyPrivileged(policy)) return
    const modes = setModesText(policy, labels)
    warn(`namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${modes}) will be ignored`)
    return
  }
  if (before === undefined) return
  const pods = cluster.list<Pod>('pods', name).filter(({ spec }) => !isExemptClass(spec.runtimeClassName))
  for (const warning of warningsOfExistingPods(name, pods, policy.enforce)) warn(warning)
}

function isStricter(policy: LevelVersion, before: LevelVersion): boolean {
  if (isSamePolicy(policy, before) || policy.level === 'privileged') return false
  return policy.version !== before.version || compareLevels(policy.level, before.level) > 0
}
