/** The controllers that run: a line each. */
import type { ResourceDefinition } from '../api/definition.ts'
import type { FeatureGates } from '../api/feature-gates.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { attachDetachController } from './attachdetach/controller.ts'
import { cronJobController } from './cronjob/controller.ts'
import { csiAttacher } from './csi-attacher/controller.ts'
import { daemonSetController } from './daemonset/controller.ts'
import { deploymentController } from './deployment/controller.ts'
import { disruptedPodController, disruptionController } from './disruption/controller.ts'
import { endpointsController } from './endpoint/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { endpointSliceMirroringController } from './endpointslice-mirroring/controller.ts'
import { ephemeralVolumeController } from './ephemeral-volume/controller.ts'
import { eventTtlController } from './eventttl/controller.ts'
import { garbageCollector } from './garbagecollector/controller.ts'
import { horizontalPodAutoscalerController } from './horizontalpodautoscaler/controller.ts'
import { ingressStatusController } from './ingress-status/controller.ts'
import { ipAllocatorRepairController } from './ipallocator-repair/controller.ts'
import { jobController } from './job/controller.ts'
import { kubernetesServiceController } from './kubernetes-service/controller.ts'
import type { Advertised } from './kubernetes-service/reconcile.ts'
import { kubernetesServiceCidrController } from './kubernetes-service-cidr/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { type NodeIpamOptions, nodeIpamController } from './nodeipam/controller.ts'
import { nodeLifecycleController } from './nodelifecycle/controller.ts'
import { taintEvictionController } from './nodelifecycle/taint-eviction.ts'
import { persistentVolumeBinder, persistentVolumeClaimBinder } from './persistentvolume-binder/controller.ts'
import { persistentVolumeExpander } from './persistentvolume-expander/controller.ts'
import { podGCController } from './podgc/controller.ts'
import { pvProtectionController } from './pv-protection/controller.ts'
import { pvcProtectionController } from './pvc-protection/controller.ts'
import { replicaSetController } from './replicaset/controller.ts'
import { replicationControllerController } from './replicationcontroller/controller.ts'
import { podClaimsController, resourceClaimController } from './resourceclaim/controller.ts'
import { resourceQuotaController } from './resourcequota/controller.ts'
import { rootCaCertificatePublisher } from './root-ca-certificate-publisher/controller.ts'
import { serviceCidrController } from './service-cidr/controller.ts'
import { serviceLoadBalancerController } from './service-lb/controller.ts'
import { LoadBalancerAddresses } from './service-lb/load-balancer-addresses.ts'
import { serviceAccountController } from './serviceaccount/controller.ts'
import { statefulSetController } from './statefulset/controller.ts'
import { ttlController } from './ttl/controller.ts'
import { ttlAfterFinishedController } from './ttlafterfinished/controller.ts'
import { vacProtectionController } from './vac-protection/controller.ts'

export interface ControllersOptions {
  /** Every resource served. */
  readonly definitions: readonly ResourceDefinition[]
  readonly featureGates: FeatureGates
  /** When the controllers begin to run, in milliseconds since the epoch. */
  readonly startedAt: number
  /** PEM: what clients verify the API server by. */
  readonly rootCertificate: string
  /** What nodes and Services get their addresses of. */
  readonly addresses: NodeIpamOptions
  /** Where the API server is, now. */
  readonly advertised: () => Advertised
}

export function controllers({
  definitions,
  featureGates,
  startedAt,
  rootCertificate,
  addresses,
  advertised,
}: ControllersOptions): readonly ControllerDefinition[] {
  const loadBalancerAddresses = new LoadBalancerAddresses()
  return [
    namespaceController(definitions),
    serviceAccountController,
    rootCaCertificatePublisher(rootCertificate),
    serviceCidrController,
    ipAllocatorRepairController,
    kubernetesServiceController(advertised),
    kubernetesServiceCidrController,
    resourceQuotaController(definitions),
    podClaimsController,
    resourceClaimController,
    deploymentController,
    replicaSetController,
    replicationControllerController,
    daemonSetController(),
    statefulSetController(featureGates),
    jobController(),
    cronJobController(),
    ttlAfterFinishedController,
    nodeLifecycleController(startedAt),
    taintEvictionController(),
    nodeIpamController(addresses),
    podGCController(),
    ttlController(),
    persistentVolumeClaimBinder,
    persistentVolumeBinder,
    ephemeralVolumeController,
    persistentVolumeExpander,
    attachDetachController(),
    csiAttacher,
    pvcProtectionController,
    pvProtectionController,
    vacProtectionController,
    horizontalPodAutoscalerController(definitions),
    disruptionController(definitions),
    disruptedPodController,
    endpointsController(),
    endpointSliceController(),
    endpointSliceMirroringController,
    serviceLoadBalancerController(loadBalancerAddresses),
    ingressStatusController(loadBalancerAddresses),
    garbageCollector(definitions),
    eventTtlController,
  ]
}
