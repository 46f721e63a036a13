import type { Container, Pod } from '../../api/types.gen.ts'
import { expandReferences, type Variables } from './environment.ts'
import type { Sources } from './sources.ts'
import { volumeFiles } from './volume-files.ts'

/** By path in the container: the files of the volumes that the kubelet filled, as far as `asksFor` a mount's path. */
export function mountedFiles(
  pod: Pod,
  container: Container,
  sources: Sources,
  variables: Variables,
  asksFor: (mountPath: string) => boolean,
): ReadonlyMap<string, string> {
  const mounted = new Map<string, string>()
  for (const { name, mountPath, subPath = '', subPathExpr } of container.volumeMounts ?? []) {
    const root = mountPath.replace(/\/+$/, '')
    if (!asksFor(root)) continue
    const volume = pod.spec.volumes?.find((each) => each.name === name)
    const contents = volume && volumeFiles(pod, volume, sources)
    if (contents === undefined) continue
    const part = subPathExpr === undefined ? subPath : expandReferences(subPathExpr, variables)
    for (const [path, text] of contents.files) {
      if (part === '') mounted.set(`${root}/${path}`, text)
      else if (path === part) mounted.set(root, text)
      else if (path.startsWith(`${part}/`)) mounted.set(root + path.slice(part.length), text)
    }
  }
  return mounted
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
