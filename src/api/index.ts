/**
 * The kinds served, and the only place where they are registered: the facts of openapi/resources.json joined with what
 * the kinds' own files add to them. A resource without a file of its own is served from its facts alone.
 */
import { readFileSync } from 'node:fs'
import { packageFile } from '../lib/package-file.ts'
import {
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
} from './admissionregistration/v1/admission-policy.ts'
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './admissionregistration/v1/webhook-configuration.ts'
import { customResourceDefinition } from './apiextensions/v1/custom-resource-definition.ts'
import { apiService } from './apiregistration/v1/api-service.ts'
import { controllerRevision } from './apps/v1/controller-revision.ts'
import { daemonSet } from './apps/v1/daemon-set.ts'
import { deployment } from './apps/v1/deployment.ts'
import { replicaSet } from './apps/v1/replica-set.ts'
import { statefulSet } from './apps/v1/stateful-set.ts'
import { horizontalPodAutoscalerV1 } from './autoscaling/v1/horizontal-pod-autoscaler.ts'
import { horizontalPodAutoscaler } from './autoscaling/v2/horizontal-pod-autoscaler.ts'
import { cronJob } from './batch/v1/cron-job.ts'
import { job } from './batch/v1/job.ts'
import { certificateSigningRequest } from './certificates/v1/certificate-signing-request.ts'
import { lease } from './coordination/v1/lease.ts'
import { componentStatus } from './core/v1/component-status.ts'
import { configMap } from './core/v1/config-map.ts'
import { endpoints } from './core/v1/endpoints.ts'
import { event } from './core/v1/event.ts'
import { limitRange } from './core/v1/limit-range.ts'
import { namespace } from './core/v1/namespace.ts'
import { node } from './core/v1/node.ts'
import { persistentVolume } from './core/v1/persistent-volume.ts'
import { persistentVolumeClaim } from './core/v1/persistent-volume-claim.ts'
import { pod } from './core/v1/pod.ts'
import { podTemplate } from './core/v1/pod-template-resource.ts'
import { replicationController } from './core/v1/replication-controller.ts'
import { resourceQuota } from './core/v1/resource-quota.ts'
import { secret } from './core/v1/secret.ts'
import { service } from './core/v1/service.ts'
import { serviceAccount } from './core/v1/service-account.ts'
import type { ResourceBehaviour, ResourceDefinition, ResourceFacts } from './definition.ts'
import { endpointSlice } from './discovery/v1/endpoint-slice.ts'
import { event as eventsEvent } from './events/v1/event.ts'
import { DEFAULT_FEATURE_GATES, type FeatureGates } from './feature-gates.ts'
import { flowSchema } from './flowcontrol/v1/flow-schema.ts'
import { priorityLevelConfiguration } from './flowcontrol/v1/priority-level-configuration.ts'
import { stage } from './kwok/v1alpha1/stage.ts'
import { qualifiedName } from './meta/api-error.ts'
import { nodeMetrics } from './metrics/v1beta1/node-metrics.ts'
import { podMetrics } from './metrics/v1beta1/pod-metrics.ts'
import { ipAddress, serviceCidr } from './networking/v1/addresses.ts'
import { ingress } from './networking/v1/ingress.ts'
import { ingressClass } from './networking/v1/ingress-class.ts'
import { networkPolicy } from './networking/v1/network-policy.ts'
import { runtimeClass } from './node/v1/runtime-class.ts'
import { podDisruptionBudget } from './policy/v1/pod-disruption-budget.ts'
import { clusterRole, role } from './rbac/v1/role.ts'
import { clusterRoleBinding, roleBinding } from './rbac/v1/role-binding.ts'
import { deviceClass, resourceClaim, resourceClaimTemplate, resourceSlice } from './resource/v1/device-kinds.ts'
import { priorityClass } from './scheduling/v1/priority-class.ts'
import { csiDriver } from './storage/v1/csi-driver.ts'
import { csiNode } from './storage/v1/csi-node.ts'
import { csiStorageCapacity } from './storage/v1/csi-storage-capacity.ts'
import { storageClass } from './storage/v1/storage-class.ts'
import { volumeAttachment } from './storage/v1/volume-attachment.ts'
import { volumeAttributesClass } from './storage/v1/volume-attributes-class.ts'

/** A line a kind. To add one, import what its file exports and put it here; what depends on feature gates is a function of them. */
const BEHAVIOURS: readonly (ResourceBehaviour | ((gates: FeatureGates) => ResourceBehaviour))[] = [
  componentStatus,
  configMap,
  podTemplate,
  endpoints,
  namespace,
  resourceQuota,
  service,
  pod,
  limitRange,
  event,
  persistentVolumeClaim,
  replicationController,
  persistentVolume,
  serviceAccount,
  secret,
  node,
  podDisruptionBudget,
  storageClass,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  volumeAttributesClass,
  volumeAttachment,
  lease,
  priorityClass,
  runtimeClass,
  role,
  clusterRole,
  roleBinding,
  clusterRoleBinding,
  ingress,
  ingressClass,
  networkPolicy,
  ipAddress,
  serviceCidr,
  endpointSlice,
  eventsEvent,
  certificateSigningRequest,
  flowSchema,
  priorityLevelConfiguration,
  validatingWebhookConfiguration,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  apiService,
  customResourceDefinition,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
  horizontalPodAutoscalerV1,
  horizontalPodAutoscaler,
  stage,
  nodeMetrics,
  podMetrics,
  cronJob,
  job,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
]

/** Every resource of the data. Facts are read anew on each call: keep the answer. */
export function loadDefinitions(gates: FeatureGates = DEFAULT_FEATURE_GATES): readonly ResourceDefinition[] {
  const facts = JSON.parse(readFileSync(packageFile('openapi/resources.json'), 'utf8')) as ResourceFacts[]
  return defineResources(
    facts,
    BEHAVIOURS.map((behaviour) => (typeof behaviour === 'function' ? behaviour(gates) : behaviour)),
  )
}

/** @throws Error when a behaviour is for a resource that is not in the facts, or when there are two for one */
export function defineResources(facts: readonly ResourceFacts[], behaviours: readonly ResourceBehaviour[]): readonly ResourceDefinition[] {
  const byPath = new Map<string, ResourceBehaviour>()
  for (const behaviour of behaviours) {
    if (byPath.has(behaviour.path)) throw new Error(`two behaviours for ${behaviour.path}`)
    byPath.set(behaviour.path, behaviour)
  }
  const definitions = facts.map((fact): ResourceDefinition => {
    const apiVersion = fact.group === '' ? fact.version : `${fact.group}/${fact.version}`
    const path = `${apiVersion}/${fact.resource}`
    const behaviour = byPath.get(path)
    byPath.delete(path)
    const { path: _, ...rest } = behaviour ?? { path }
    return Object.freeze({
      ...fact,
      ...rest,
      apiVersion,
      groupResource: qualifiedName(fact),
      hasStatus: fact.subresources.status !== undefined,
    })
  })
  const [unknown] = byPath.keys()
  if (unknown !== undefined) throw new Error(`openapi/resources.json has no ${unknown}`)
  return definitions
}
