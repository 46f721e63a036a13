/**
 * A static pod runs without the API, so nothing in it may refer to an object there. Upstream: pkg/api/pod/util.go
 * HasAPIObjectReference, of the gate PreventStaticPodAPIReferences.
 */
import type { Container, PodSpec, Volume, VolumeProjection } from '../../api/types.gen.ts'

/** Volumes that refer to an object whatever is in them, by field, in the order in which they are looked for. */
const BY_VOLUME: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'],
  ['secret', 'secrets (via secret volumes)'],
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
  ['azureFile', 'secrets (via azureFile volumes)'],
]

const BY_PROJECTION: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['configMap', 'configmaps (via projected volumes)'],
  ['secret', 'secrets (via projected volumes)'],
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
]

/** What the pod refers to, as upstream names it; undefined when it may be static. */
export function apiReferenceOf(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts'
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
  const volumes = spec.volumes ?? []
  if (spec.imagePullSecrets?.some(({ name }) => name) || containers.some(usesSecret) || volumes.some(usesSecretOfVolume)) return 'secrets'
  if (containers.some(usesConfigMap) || volumes.some(usesConfigMapOfVolume)) return 'configmaps'
  if (spec.resourceClaims?.length) return 'resourceclaims'
  for (const volume of volumes) {
    const [, found] = BY_VOLUME.find(([field]) => volume[field] !== undefined) ?? []
    if (found !== undefined) return found
    for (const source of volume.projected?.sources ?? []) {
      const [, projected] = BY_PROJECTION.find(([field]) => source[field] !== undefined) ?? []
      if (projected !== undefined) return projected
    }
  }
  return undefined
}

function usesSecret({ env, envFrom }: Container): boolean {
  return Boolean(envFrom?.some(({ secretRef }) => secretRef?.name) || env?.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name))
}

function usesConfigMap({ env, envFrom }: Container): boolean {
  return Boolean(envFrom?.some(({ configMapRef }) => configMapRef?.name) || env?.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name))
}

/** Upstream: VisitPodSecretNames. */
function usesSecretOfVolume(volume: Volume): boolean {
  const { azureFile, cephfs, cinder, flexVolume, rbd, secret, scaleIO, iscsi, storageos, csi, projected } = volume
  const references = [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].map((source) => source?.secretRef?.name)
  const others = [azureFile?.secretName, secret?.secretName, csi?.nodePublishSecretRef?.name]
  return [...references, ...others, ...(projected?.sources ?? []).map((source) => source.secret?.name)].some(Boolean)
}

/** Upstream: VisitPodConfigmapNames. */
function usesConfigMapOfVolume({ configMap, projected }: Volume): boolean {
  return Boolean(configMap?.name || projected?.sources?.some((source) => source.configMap?.name))
}
