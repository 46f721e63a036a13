import type { Container, Pod, Volume, VolumeMount } from '../../api/types.gen.ts'
import type { FoundFiles } from '../shell-files.ts'
import { filesOfVolume } from '../volumes/volume-data.ts'
import { expandReferences, type Variables } from './environment.ts'
import type { Sources } from './sources.ts'
import { claimedVolume, type Files, isClaimed, volumeFiles } from './volume-files.ts'

/** Where what is in the volumes of a pod comes from. */
export interface Origin {
  readonly sources: Sources
  /** The run that finds it. */
  readonly run: string
  /** What containers before it wrote to a volume of the pod. */
  readonly written: (volume: string) => Files
}

/** The files of the volumes as the container's run finds them, as far as `asksFor` a mount's path. */
export function mountedFiles(
  pod: Pod,
  container: Container,
  origin: Origin,
  variables: Variables,
  asksFor: (mountPath: string) => boolean,
): FoundFiles {
  const mounted = new Map<string, string>()
  const roots: string[] = []
  for (const mount of container.volumeMounts ?? []) {
    const root = rootOf(mount)
    if (!asksFor(root)) continue
    const volume = pod.spec.volumes?.find((each) => each.name === mount.name)
    const contents = volume && contentsOf(pod, volume, origin)
    if (contents === undefined) continue
    if (isClaimed(volume!)) roots.push(root)
    for (const [path, text] of contents) {
      const there = pathInContainer(mount, path, variables)
      if (there !== undefined) mounted.set(there, text)
    }
  }
  return { files: mounted, roots }
}

function contentsOf(pod: Pod, volume: Volume, { sources, run, written }: Origin): Files | undefined {
  if (volume.emptyDir !== undefined) return written(volume.name)
  if (!isClaimed(volume)) return volumeFiles(pod, volume, sources)?.files
  const stored = claimedVolume(pod, volume, sources)
  return stored && new Map([...filesOfVolume(stored, run), ...written(volume.name)])
}

export function rootOf({ mountPath }: VolumeMount): string {
  return mountPath.replace(/\/+$/, '')
}

function partOf({ subPath = '', subPathExpr }: VolumeMount, variables: Variables): string {
  return (subPathExpr === undefined ? subPath : expandReferences(subPathExpr, variables)).replace(/\/+$/, '')
}

/** undefined for a path of the volume that isn't mounted. */
function pathInContainer(mount: VolumeMount, path: string, variables: Variables): string | undefined {
  const [root, part] = [rootOf(mount), partOf(mount, variables)]
  if (part === '') return `${root}/${path}`
  if (path === part) return root
  return path.startsWith(`${part}/`) ? root + path.slice(part.length) : undefined
}

/** Of a path in the container, the mount it is in and the path in that volume; undefined when it is in none. */
export function pathInVolume(
  { volumeMounts = [] }: Container,
  path: string,
  variables: Variables,
): { readonly volume: string; readonly path: string } | undefined {
  const within = volumeMounts.filter((mount) => path === rootOf(mount) || path.startsWith(`${rootOf(mount)}/`))
  const mount = within.toSorted((a, b) => rootOf(b).length - rootOf(a).length)[0]
  if (mount === undefined) return undefined
  const inside = partOf(mount, variables) + path.slice(rootOf(mount).length)
  return { volume: mount.name, path: inside.replace(/^\//, '') }
}

/** What variables make of the parts of volumes that are mounted must stay within these. Upstream: kubelet_pods.go makeMounts. */
export function mountPathFault({ volumeMounts = [] }: Container, variables: Variables): string | undefined {
  for (const { subPathExpr } of volumeMounts) {
    if (!subPathExpr) continue
    const names = [...subPathExpr.matchAll(/\$\$|\$\(([^)]*)\)/g)].flatMap(([, name]) =>
      name === undefined || variables[name] ? [] : [name],
    )
    if (names.length > 0) return `missing value for ${[...new Set(names)].sort().join(', ')}`
    const subPath = expandReferences(subPathExpr, variables)
    if (subPath.startsWith('/')) return `error SubPath \`${subPath}\` must not be an absolute path`
    if (subPath.split('/').includes('..')) return `unable to provision SubPath \`${subPath}\`: must not contain '..'`
  }
  return undefined
}
