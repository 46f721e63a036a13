/** Which admission plugins are on. */
import type { AdmissionPlugin } from './admission.ts'
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { defaultStorageClass } from './default-storage-class.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { deviceAdminAccess } from './device-admin-access.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeDeclaredFeatureValidator } from './node-declared-features.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { podResizeValidator } from './pod-resize-validator.ts'
import { podSecurity } from './pod-security.ts'
import { podTopologyLabels } from './pod-topology-labels.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './resource-quota.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { serviceAddresses } from './service-addresses/service-addresses.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'

export interface AdmissionOptions {
  /** CIDRs that Services get their cluster IPs of, one a family. */
  readonly serviceRanges: readonly string[]
}

/**
 * Those of one cluster, as some keep state, in upstream's order (kubeapiserver/options/plugins.go): a line each. Of those that are
 * on there, CertificateApproval and CertificateSigning are absent as they ask an authorizer, and everybody may do everything here.
 */
export function admissionPlugins({ serviceRanges }: AdmissionOptions): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle,
    limitRanger,
    serviceAccount,
    taintNodesByCondition,
    podSecurity(),
    priority,
    defaultTolerationSeconds,
    defaultStorageClass,
    storageObjectInUseProtection,
    persistentVolumeClaimResize,
    runtimeClass,
    certificateSubjectRestriction,
    defaultIngressClass,
    podTopologyLabels,
    nodeDeclaredFeatureValidator,
    podResizeValidator,
    serviceAddresses(serviceRanges),
    deviceAdminAccess,
    resourceQuota(),
  ]
}
