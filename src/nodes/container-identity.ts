/** The names under which containerd would know a container and its image. */
import { createHash } from 'node:crypto'
import type { Pod } from '../api/types.gen.ts'

/** Unique to each run of a container, and the same whenever it is asked for. */
export function containerID(pod: Pod, container: string, restartCount: number): string {
  return `containerd://${sha256(`${pod.metadata.uid}/${container}/${restartCount}`)}`
}

/** `nginx` → `docker.io/library/nginx:latest`. Upstream: distribution/reference ParseNormalizedNamed. */
export function normalizedImage(image: string): string {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost'
  const path = hasRegistry ? image : `docker.io/${slash < 0 ? 'library/' : ''}${image}`
  const isTagged = path.slice(path.lastIndexOf('/')).includes(':') || path.includes('@')
  return isTagged ? path : `${path}:latest`
}

export function imageID(image: string): string {
  const name = normalizedImage(image)
  if (name.includes('@')) return name
  return `${name.slice(0, name.lastIndexOf(':'))}@sha256:${sha256(name)}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
