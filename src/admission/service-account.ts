import { setServiceAccountTwin } from '../api/core/v1/pod-spec-defaults.ts'
import { ApiError, forbiddenError } from '../api/meta/api-error.ts'
import type { Pod, ServiceAccount } from '../api/types.gen.ts'
import { type AdmissionPlugin, type AdmissionRequest, type ClusterView, nameForMessages } from './admission.ts'
import { ephemeralSecretFault, mirrorFault, secretFault } from './pod-secrets.ts'

/** On an account: its pods may use no secrets but those that the account lists. */
const ENFORCE_MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets'
/** Upstream: strconv.ParseBool. */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']

/** The annotation of a mirror pod, which may not use a service account. */
const MIRROR = 'kubernetes.io/config.mirror'
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Upstream: an hour, and seven seconds by which its tokens can be told apart. */
const TOKEN_SECONDS = 3607
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** Gives each pod a ServiceAccount, and its token as a volume. Upstream: plugin/admission/serviceaccount. */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: ({ operation, definition, subresource }) =>
    definition.groupResource === 'pods' &&
    ((operation === 'create' && subresource === '') || (operation === 'update' && subresource === 'ephemeralcontainers')),
  mutate: (request, cluster) => {
    const pod = request.object as Pod
    // The kubelet deletes a mirror pod that isn't what it made.
    if (request.operation !== 'create' || isMirror(pod)) return
    pod.spec.serviceAccountName ||= 'default'
    setServiceAccountTwin(pod.spec)
    const account = accountOf(request, cluster)
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }))
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod)
  },
  validate: (request, cluster) => {
    const pod = request.object as Pod
    if (request.operation === 'create' && isMirror(pod)) {
      const fault = mirrorFault(pod.spec)
      if (fault !== undefined) throw refusal(request, fault)
      return
    }
    const account = accountOf(request, cluster)
    if (!TRUE.includes(account.metadata.annotations?.[ENFORCE_MOUNTABLE] ?? '')) return
    const fault = request.operation === 'create' ? secretFault(pod.spec, account) : ephemeralSecretFault(pod.spec, account)
    if (fault === undefined) return
    // Upstream hands on the latter as no error of the API, and its HTTP layer makes a 500 of that.
    throw request.operation === 'create' ? refusal(request, fault) : new ApiError(500, '', fault)
  },
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR] !== undefined
}

function accountOf(request: AdmissionRequest, cluster: ClusterView): ServiceAccount {
  const { namespace, object } = request
  const { metadata, spec } = object as Pod
  const name = spec.serviceAccountName
  if (!name) throw refusal(request, `no service account specified for pod ${namespace}/${metadata.name}`)
  const account = cluster.get<ServiceAccount>('serviceaccounts', namespace, name)
  if (account !== undefined) return account
  throw refusal(request, `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`)
}

function refusal({ definition, object }: AdmissionRequest, why: string): ApiError {
  return forbiddenError(definition, nameForMessages(object!), why)
}

function mountToken(pod: Pod): void {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const existing = pod.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))
  const name = existing?.name ?? `kube-api-access-${suffixOf(pod)}`
  let isUsed = false
  for (const container of containers) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_PATH)) continue
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: TOKEN_PATH }]
    isUsed = true
  }
  if (!isUsed || existing !== undefined) return
  pod.spec.volumes = [
    ...(pod.spec.volumes ?? []),
    {
      name,
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    },
  ]
}

/** Five characters that follow from the pod: upstream draws them, but nothing here may depend on chance. */
function suffixOf(pod: Pod): string {
  let hash = 2166136261
  for (const char of `${pod.metadata.namespace}/${pod.metadata.generateName ?? ''}/${pod.metadata.name}`) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0
  }
  let text = ''
  for (let i = 0; i < 5; i++) {
    text += SUFFIX_ALPHABET[hash % SUFFIX_ALPHABET.length]
    hash = Math.imul(hash ^ (hash >>> 7), 16777619) >>> 0
  }
  return text
}
