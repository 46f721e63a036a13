/** What is questionable of a pod's volumes. Upstream: pkg/api/pod/warnings.go. */
import type { KeyToPath, Volume, VolumeProjection } from '../../types.gen.ts'
import { claimSpecWarnings } from './resource-warnings.ts'

const DEPRECATED = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const

export function volumeWarnings(volumes: readonly Volume[] | undefined, path: string): string[] {
  if (volumes === undefined) return []
  const texts: string[] = []
  volumes.forEach((volume, i) => {
    const at = `${path}[${i}]`
    for (const key of Object.keys(DEPRECATED) as (keyof typeof DEPRECATED)[]) {
      // Upstream writes the field as Go spells it.
      if (volume[key]) texts.push(`${at}.${key === 'storageos' ? 'storageOS' : key}: ${DEPRECATED[key]}`)
    }
    const template = volume.ephemeral?.volumeClaimTemplate
    if (template) texts.push(...claimSpecWarnings(`${at}.ephemeral.volumeClaimTemplate.spec`, template.spec))
  })
  for (const volume of volumes) texts.push(...overlapWarnings(volume))
  return texts
}

/** A file to be made in a volume, and what makes it. */
interface File {
  readonly path: string
  readonly source: string
}

function overlapWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const texts: string[] = []
  const tell = (what: string, files: readonly File[], seen: File[] = []): void => {
    for (const overlap of overlapsOf(files, seen)) texts.push(`volume "${name}" (${what}): overlapping paths: ${overlap}`)
  }
  if (configMap?.items) tell(`ConfigMap "${configMap.name ?? ''}"`, filesOf(configMap.items))
  if (secret?.items) tell(`Secret "${secret.secretName ?? ''}"`, filesOf(secret.items))
  if (downwardAPI?.items) tell('DownwardAPI', filesOf(downwardAPI.items))
  if (!projected) return texts
  const seen: File[] = []
  for (const source of projected.sources ?? []) {
    if (Object.keys(source).length === 0) texts.push(`volume "${name}" (Projected) has no sources provided`)
    else tell('Projected', projectedFiles(source), seen)
  }
  return texts
}

function filesOf(items: readonly Pick<KeyToPath, 'path'>[], source = ''): File[] {
  return items.map(({ path }) => ({ path, source }))
}

function projectedFiles(projection: VolumeProjection): File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap "${configMap.name ?? ''}"`)
  if (secret?.items) return filesOf(secret.items, `Secret "${secret.name ?? ''}"`)
  if (downwardAPI?.items) return filesOf(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }]
  if (clusterTrustBundle) {
    const { path, name, signerName } = clusterTrustBundle
    return [{ path, source: `ClusterTrustBundle "${name ?? signerName ?? ''}"` }]
  }
  if (!podCertificate) return []
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate
  return [
    { path: certificateChainPath ?? '', source: 'PodCertificate chain' },
    { path: keyPath ?? '', source: 'PodCertificate key' },
    { path: credentialBundlePath ?? '', source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '')
}

/** Two files at one path, or one where another needs a folder. @param seen gets the files added */
function overlapsOf(files: readonly File[], seen: File[]): string[] {
  const texts: string[] = []
  for (const { path: written, source } of files) {
    const file = { path: written.replace(/\/+$/, ''), source }
    for (const other of seen) {
      if (file.path !== '' && other.path !== '' && isNested(file.path, other.path)) texts.push(`${shown(file)} with ${shown(other)}`)
    }
    seen.push(file)
  }
  return texts
}

function isNested(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)
}

function shown({ path, source }: File): string {
  return source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`
}
