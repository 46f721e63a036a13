/** Whether the API server could reach a node's kubelet, and what it says if not. Upstream: pod/strategy.go LogLocation, kubelet/client. */
import type { Node } from '../types.gen.ts'
import { annotation } from './annotations.ts'

const KUBELET_PORT = 10250

const FAULTS: Readonly<Record<string, string>> = {
  failed: 'connect: connection refused',
  disconnected: 'i/o timeout',
  crashed: 'connect: no route to host',
  rebooting: 'connect: no route to host',
}

/**
 * What becomes of a request to the kubelet; undefined when it is answered.
 * @param path with the query
 */
export function kubeletFault(node: Node, path: string): string | undefined {
  const fault = FAULTS[annotation(node, 'state') ?? '']
  if (fault === undefined) return undefined
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? node.metadata.name
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? KUBELET_PORT
  return `Get "https://${host}:${port}${path}": dial tcp ${host}:${port}: ${fault}`
}
