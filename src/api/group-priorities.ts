/**
 * Groups are listed by this priority, and those of equal priority by name. The group of a custom resource has 1000.
 * Upstream: pkg/controlplane/apiserver/aggregator.go DefaultGenericAPIServicePriorities, cmd/kube-apiserver/app/aggregator.go.
 */
export const GROUP_PRIORITIES: Readonly<Record<string, number>> = {
  'apiregistration.k8s.io': 20000,
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'admissionregistration.k8s.io': 16700,
  'apiextensions.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'internal.apiserver.k8s.io': 16000,
  'resource.k8s.io': 16200,
  'storagemigration.k8s.io': 15800,
  // As of every custom resource.
  'kwok.x-k8s.io': 1000,
  // As the metrics server registers itself: behind all else, for its nodes and pods are namesakes.
  'metrics.k8s.io': 100,
}

const VERSION_PRIORITY = 15

/** Those of versions that are not VERSION_PRIORITY. */
const VERSION_PRIORITIES: Readonly<Record<string, number>> = {
  v1: 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'kwok.x-k8s.io/v1alpha1': 100,
  'resource.k8s.io/v1': 21,
}

/** Which of a group's versions is preferred: the highest. @param apiVersion `v1`, `apps/v1` */
export function versionPriority(apiVersion: string): number {
  return VERSION_PRIORITIES[apiVersion] ?? VERSION_PRIORITY
}
