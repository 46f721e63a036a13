import { setServiceAccountTwin } from '../api/core/v1/pod-spec-defaults.ts'
import { forbiddenError } from '../api/meta/api-error.ts'
import type { Pod, ServiceAccount } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

/** The annotation of a mirror pod, which may not use a service account. */
const MIRROR = 'kubernetes.io/config.mirror'
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Upstream: an hour, and seven seconds by which its tokens can be told apart. */
const TOKEN_SECONDS = 3607
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** Gives each Pod a ServiceAccount, and its token as a volume. Upstream: plugin/admission/serviceaccount. */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: ({ operation, definition, subresource }) => operation === 'create' && subresource === '' && definition.groupResource === 'pods',
  mutate: ({ object, definition, namespace }, cluster) => {
    const pod = object as Pod
    if (pod.metadata.annotations?.[MIRROR] !== undefined) return
    pod.spec.serviceAccountName ||= 'default'
    setServiceAccountTwin(pod.spec)
    const account = cluster.get<ServiceAccount>('serviceaccounts', namespace, pod.spec.serviceAccountName)
    if (account === undefined) {
      throw forbiddenError(
        definition,
        nameForMessages(pod),
        `error looking up service account ${namespace}/${pod.spec.serviceAccountName}: serviceaccount ${JSON.stringify(pod.spec.serviceAccountName)} not found`,
      )
    }
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) pod.spec.imagePullSecrets = [...account.imagePullSecrets]
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod)
  },
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
