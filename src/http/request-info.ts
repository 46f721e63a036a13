/** What a request is about, read from its method and path alone. Upstream: apiserver request/requestinfo.go. */
export interface RequestInfo {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  /** undefined when the path names none: all namespaces, or a cluster-scoped resource. */
  readonly namespace: string | undefined
  readonly resource: string
  /** '' for a collection */
  readonly name: string
  /** '' for the resource itself */
  readonly subresource: string
  /** The deprecated `/watch/` in the path. */
  readonly isWatchPath: boolean
}

/** Subresources of namespaces, which would else look like resources in a namespace. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** @param path decoded or not; segments are decoded here. undefined when it isn't the path of a resource. */
export function parseRequestInfo(path: string): RequestInfo | undefined {
  const parts = path.split('/')
  // '' api v1 … | '' apis GROUP VERSION …
  let at: number
  let apiVersion: string
  if (parts[1] === 'api') {
    apiVersion = parts[2] ?? ''
    at = 3
  } else if (parts[1] === 'apis') {
    apiVersion = `${parts[2] ?? ''}/${parts[3] ?? ''}`
    at = 4
  } else return undefined
  const isWatchPath = parts[at] === 'watch'
  if (isWatchPath) at++
  let namespace: string | undefined
  if (parts[at] === 'namespaces' && parts.length > at + 2 && parts[at + 2] !== '' && !NAMESPACE_SUBRESOURCES.has(parts[at + 2]!)) {
    namespace = decode(parts[at + 1]!)
    at += 2
  }
  const resource = parts[at]
  if (!resource || parts.length > at + 3 || (parts.length > at + 1 && parts.at(-1) === '')) return undefined
  return {
    apiVersion,
    namespace,
    resource,
    name: decode(parts[at + 1] ?? ''),
    subresource: parts[at + 2] ?? '',
    isWatchPath,
  }
}

function decode(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment
}
