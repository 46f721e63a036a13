/** Which secrets a pod uses, and which it may. Upstream: plugin/admission/serviceaccount, pod/util.go VisitPodSecretNames. */
import type { Container, PodSpec, ServiceAccount, Volume } from '../api/types.gen.ts'

/** Why a mirror pod may not be; undefined when it may. It runs before the API is there to give it anything. */
export function mirrorFault(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return 'a mirror pod may not reference service accounts'
  if (usesSecrets(spec)) return 'a mirror pod may not reference secrets'
  const takesToken = ({ projected }: Volume) => projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
  return spec.volumes?.some(takesToken) ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined
}

function usesSecrets(spec: PodSpec): boolean {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])]
  return (
    (spec.imagePullSecrets?.length !== undefined && spec.imagePullSecrets.length > 0) ||
    containers.some((container) => secretUses(container).length > 0) ||
    spec.volumes?.some(isOfSecret) === true
  )
}

function isOfSecret(volume: Volume): boolean {
  const { azureFile, cephfs, cinder, flexVolume, projected, rbd, secret, scaleIO, iscsi, storageos, csi } = volume
  if (azureFile?.secretName || secret !== undefined) return true
  if (projected?.sources?.some((source) => source.secret !== undefined)) return true
  const references = [
    ...[cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].map((source) => source?.secretRef),
    csi?.nodePublishSecretRef,
  ]
  return references.some((reference) => reference !== undefined)
}

interface SecretUse {
  /** `envVar FOO`, `envFrom` */
  readonly by: string
  readonly secret: string
}

function secretUses({ env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>): SecretUse[] {
  return [
    ...env.flatMap(({ name, valueFrom }) =>
      valueFrom?.secretKeyRef === undefined ? [] : [{ by: `envVar ${name}`, secret: valueFrom.secretKeyRef.name ?? '' }],
    ),
    ...envFrom.flatMap(({ secretRef }) => (secretRef === undefined ? [] : [{ by: 'envFrom', secret: secretRef.name ?? '' }])),
  ]
}

/** The first secret that the account, whose list is all there is for its pods, doesn't have. */
export function secretFault(spec: PodSpec, account: ServiceAccount): string | undefined {
  const { name } = account.metadata
  const listed = (account.secrets ?? []).map((secret) => secret.name)
  for (const { secret } of spec.volumes ?? []) {
    if (secret === undefined || listed.includes(secret.secretName)) continue
    return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`
  }
  const fault = containersFault('init container', spec.initContainers, account) ?? containersFault('container', spec.containers, account)
  if (fault !== undefined) return fault
  const pulls = (account.imagePullSecrets ?? []).map((secret) => secret.name)
  const unlisted = (spec.imagePullSecrets ?? []).findIndex((secret) => !pulls.includes(secret.name))
  if (unlisted < 0) return undefined
  return `imagePullSecrets[${unlisted}].name="${spec.imagePullSecrets![unlisted]!.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`
}

/** As `secretFault`, for the containers that join a pod later. */
export function ephemeralSecretFault(spec: PodSpec, account: ServiceAccount): string | undefined {
  return containersFault('ephemeral container', spec.ephemeralContainers, account)
}

function containersFault(
  what: string,
  containers: readonly Pick<Container, 'name' | 'env' | 'envFrom'>[] | undefined,
  { metadata, secrets = [] }: ServiceAccount,
): string | undefined {
  for (const container of containers ?? []) {
    const found = secretUses(container).find(({ secret }) => !secrets.some(({ name }) => name === secret))
    if (found === undefined) continue
    return `${what} ${container.name} with ${found.by} referencing secret.secretName="${found.secret}" is not allowed because service account ${metadata.name} does not reference that secret`
  }
  return undefined
}
