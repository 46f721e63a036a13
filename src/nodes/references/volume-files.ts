/**
 * What is in a volume that the kubelet fills itself (configMap, secret, projected, downwardAPI), or why it can't be.
 * Upstream: pkg/volume/{configmap,secret,projected,downwardapi}.
 */
import type { DownwardAPIVolumeFile, KeyToPath, PersistentVolume, Pod, Volume, VolumeProjection } from '../../api/types.gen.ts'
import { decodeBase64 } from './environment.ts'
import { containerNamed, podField, resourceField } from './pod-fields.ts'
import type { Sources } from './sources.ts'

/** By path in the volume. Of files that nobody can foretell, such as tokens, there is none. */
export type Files = ReadonlyMap<string, string>

export interface VolumeContents {
  readonly files: Files
  /** Every fault, where one source doesn't keep others from being read. */
  readonly faults: readonly string[]
}

/** Is what is in it that of a claim? */
export function isClaimed({ persistentVolumeClaim, ephemeral }: Volume): boolean {
  return (persistentVolumeClaim ?? ephemeral) !== undefined
}

/** Of what is in the volume; undefined for one that isn't of a claim, or whose claim has none. */
export function claimedVolume(pod: Pod, volume: Volume, sources: Sources): PersistentVolume | undefined {
  if (!isClaimed(volume)) return undefined
  const claim = sources.claim(volume.persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`)
  const name = claim?.spec.volumeName
  return name === undefined ? undefined : sources.volume(name)
}

/** undefined for a volume of another kind. */
export function volumeFiles(pod: Pod, { configMap, secret, projected, downwardAPI }: Volume, sources: Sources): VolumeContents | undefined {
  if (configMap !== undefined) return configMapFiles(configMap, sources)
  if (secret !== undefined) return secretFiles({ ...secret, name: secret.secretName ?? '' }, sources)
  if (downwardAPI !== undefined) return downwardFiles(pod, downwardAPI.items ?? [], sources)
  if (projected === undefined) return undefined
  const files = new Map<string, string>()
  const faults: string[] = []
  for (const source of projected.sources ?? []) {
    const contents = projectedFiles(pod, source, sources)
    faults.push(...contents.faults)
    for (const [path, text] of contents.files) files.set(path, text)
  }
  return { files, faults }
}

/** As the texts of several errors are put together. Upstream: k8s.io/apimachinery/pkg/util/errors aggregate.Error. */
export function aggregated(faults: readonly string[]): string {
  const distinct = [...new Set(faults)]
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`
}

function projectedFiles(pod: Pod, source: VolumeProjection, sources: Sources): VolumeContents {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (secret !== undefined) return secretFiles(secret, sources)
  if (configMap !== undefined) return configMapFiles(configMap, sources)
  if (downwardAPI !== undefined) return downwardFiles(pod, downwardAPI.items ?? [], sources)
  const account = pod.spec.serviceAccountName ?? ''
  if (serviceAccountToken !== undefined && sources.serviceAccount(account) === undefined) {
    return faulty(`failed to fetch token: serviceaccounts ${JSON.stringify(account)} not found`)
  }
  return { files: new Map(), faults: [] }
}

interface Projection {
  readonly name?: string | undefined
  readonly optional?: boolean | undefined
  readonly items?: readonly KeyToPath[] | undefined
}

function configMapFiles({ name = '', optional, items }: Projection, sources: Sources): VolumeContents {
  const found = sources.configMap(name)
  if (found === undefined && optional !== true) return faulty(`configmap ${JSON.stringify(name)} not found`)
  const { data, binaryData } = found ?? {}
  const read = (key: string) => (data?.[key] !== undefined ? data[key] : binaryData?.[key] && decodeBase64(binaryData[key]))
  const keys = [...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})]
  return payload(keys, items, optional, read, 'configmap references non-existent config key')
}

function secretFiles({ name = '', optional, items }: Projection, sources: Sources): VolumeContents {
  const found = sources.secret(name)
  if (found === undefined && optional !== true) return faulty(`secret ${JSON.stringify(name)} not found`)
  const { data } = found ?? {}
  const read = (key: string) => (data?.[key] === undefined ? undefined : decodeBase64(data[key]))
  return payload(Object.keys(data ?? {}), items, optional, read, 'references non-existent secret key')
}

function payload(
  keys: readonly string[],
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  read: (key: string) => string | undefined,
  fault: string,
): VolumeContents {
  if (items === undefined || items.length === 0) return { files: new Map(keys.map((key) => [key, read(key)!])), faults: [] }
  const files = new Map<string, string>()
  for (const { key, path } of items) {
    const text = read(key)
    if (text !== undefined) files.set(path, text)
    else if (optional !== true) return faulty(`${fault}: ${key}`)
  }
  return { files, faults: [] }
}

function downwardFiles(pod: Pod, items: readonly DownwardAPIVolumeFile[], sources: Sources): VolumeContents {
  const files = new Map<string, string>()
  const faults: string[] = []
  for (const { path, fieldRef, resourceFieldRef } of items) {
    if (fieldRef !== undefined) files.set(path, podField(pod, fieldRef.fieldPath) ?? '')
    if (resourceFieldRef === undefined) continue
    const container = containerNamed(pod, resourceFieldRef.containerName)
    if (container === undefined) {
      faults.push(`container ${resourceFieldRef.containerName} not found`)
      continue
    }
    const amount = resourceField(container, resourceFieldRef, () => sources.allocatable())
    files.set(path, amount)
  }
  return { files, faults: faults.length > 1 ? [aggregated(faults)] : faults }
}

function faulty(fault: string): VolumeContents {
  return { files: new Map(), faults: [fault] }
}
