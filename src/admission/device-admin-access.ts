import { invalidError } from '../api/meta/api-error.ts'
import { forbidden } from '../api/meta/field-error.ts'
import type { DeviceRequest, Namespace, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimTemplate } from '../api/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

const LABEL = 'resource.kubernetes.io/admin-access'
const TEMPLATES = 'resourceclaimtemplates.resource.k8s.io'
const HANDLED = ['resourceclaims.resource.k8s.io', TEMPLATES]

/**
 * Access to devices that others use is for namespaces that are labelled for it. Upstream has this in the strategies, which look
 * the namespace up: pkg/registry/resource/utils.go AuthorizedForAdmin, AuthorizedForAdminStatus.
 */
export const deviceAdminAccess: AdmissionPlugin = {
  name: 'DeviceAdminAccess',
  handles: ({ operation, definition, subresource }) =>
    HANDLED.includes(definition.groupResource) &&
    (subresource === '' ? operation === 'create' : subresource === 'status' && operation === 'update'),
  validate: (request, cluster) => {
    const path = request.subresource === 'status' ? grantedAt(request) : wantedAt(requestsOf(request))
    if (path === undefined) return
    const { namespace, name } = request.object!.metadata
    if (cluster.get<Namespace>('namespaces', '', namespace ?? '')?.metadata.labels?.[LABEL] === 'true') return
    const detail = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`
    throw invalidError(request.definition, name, [forbidden(path, detail)])
  },
}

function requestsOf({ definition, object }: AdmissionRequest): readonly DeviceRequest[] {
  const spec = definition.groupResource === TEMPLATES ? (object as ResourceClaimTemplate).spec.spec : (object as ResourceClaim).spec
  return spec.devices?.requests ?? []
}

function wantedAt(requests: readonly DeviceRequest[]): string | undefined {
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess === true)
  return index === -1 ? undefined : `spec.devices.requests[${index}].adminAccess`
}

/** Unless it was granted before: what is allocated never changes. */
function grantedAt({ object, old }: AdmissionRequest): string | undefined {
  const indexIn = (claim: ResourceClaim | undefined) =>
    (claim?.status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess === true)
  const index = indexIn(object as ResourceClaim)
  return index === -1 || indexIn(old as ResourceClaim | undefined) !== -1
    ? undefined
    : `status.allocation.devices.results[${index}].adminAccess`
}
