/** What an endpoint takes from no client, so that no client comes to own it there. Upstream: the strategies' GetResetFields. */
import type { ResourceDefinition } from '../../definition.ts'
import type { Excluded, Included } from './shapes.ts'

const NOTHING: Excluded = {}
const STATUS: Excluded = { status: true }
const SPEC: Excluded = { spec: true }
const SPEC_AND_METADATA: Excluded = { spec: true, metadata: true }
const APPROVAL: Excluded = { spec: true, status: { certificate: true } }

/** By resource, where it isn't status for the resource itself and spec for its status. */
const MAIN: Readonly<Record<string, Excluded>> = {
  'certificatesigningrequests.certificates.k8s.io': { spec: true, status: true },
}
const OF_STATUS: Readonly<Record<string, Excluded>> = {
  pods: { spec: true, metadata: { deletionTimestamp: true, ownerReferences: true } },
  'deployments.apps': { spec: true, metadata: { labels: true } },
  'certificatesigningrequests.certificates.k8s.io': { spec: true, status: { conditions: true } },
  'flowschemas.flowcontrol.apiserver.k8s.io': SPEC_AND_METADATA,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': SPEC_AND_METADATA,
  'servicecidrs.networking.k8s.io': SPEC_AND_METADATA,
  'devicetaintrules.resource.k8s.io': SPEC_AND_METADATA,
  'resourceclaims.resource.k8s.io': SPEC_AND_METADATA,
  'validatingadmissionpolicies.admissionregistration.k8s.io': SPEC_AND_METADATA,
  'volumeattachments.storage.k8s.io': SPEC_AND_METADATA,
  'apiservices.apiregistration.k8s.io': SPEC_AND_METADATA,
}

const CONTAINER: Included = { resources: true, resizePolicy: true }

/** What an endpoint takes and nothing else, for those that take little. Upstream: GetResetFieldsFilter */
const ONLY: Readonly<Record<string, Included>> = {
  'pods/ephemeralcontainers': { spec: { ephemeralContainers: true } },
  'pods/resize': { spec: { containers: CONTAINER, initContainers: CONTAINER } },
}

/** undefined for an endpoint that takes all but its `resetFields`. The same object each time for the same endpoint. */
export function takenFields({ groupResource }: ResourceDefinition, subresource: string): Included | undefined {
  return ONLY[`${groupResource}/${subresource}`]
}

/** The same object each time for the same endpoint. @param subresource '' for the resource itself */
export function resetFields({ groupResource, hasStatus }: ResourceDefinition, subresource: string): Excluded {
  switch (subresource) {
    case 'status':
      return OF_STATUS[groupResource] ?? SPEC
    case 'approval':
      return APPROVAL
    default:
      return MAIN[groupResource] ?? (hasStatus ? STATUS : NOTHING)
  }
}
