/** What a Node says about the machine that is simulated behind it. */
import { createHash } from 'node:crypto'
import { isIpv6 } from '../api/core/v1/ip-address.ts'
import { podCIDRsOf } from '../api/core/v1/pod-cidrs.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Node } from '../api/types.gen.ts'

/**
 * On a Node: what is the matter with its machine; removed, it works again. Stored, so that a failure outlives a restart.
 * `failed`: the kubelet is down, and the containers run on. `disconnected`: both run on, and nobody hears of it. `crashed`: the
 * machine is off. `rebooting`: it goes off and comes back by itself.
 */
export const STATE_ANNOTATION = 'coracle.dev/state'
const SILENT_STATES = ['failed', 'disconnected', 'crashed', 'rebooting'] as const
export type SilentState = (typeof SILENT_STATES)[number]

/** On a Node: when its machine last booted, a whole second; empty while it is off; not there when it never went off. */
export const BOOT_ANNOTATION = 'coracle.dev/booted-at'

/** On a Node: it is being emptied. With it a Node is cordoned, and it goes when the Node is uncordoned. */
export const DRAIN_ANNOTATION = 'coracle.dev/drain'

const WHY: Readonly<Record<SilentState, string>> = {
  failed: 'has failed',
  disconnected: 'is cut off from the network',
  crashed: 'has crashed',
  rebooting: 'is rebooting',
}

/** undefined when its kubelet can be heard, or could if it had booted. */
export function silentState({ metadata }: Node): SilentState | undefined {
  const state = metadata.annotations?.[STATE_ANNOTATION]
  return SILENT_STATES.find((each) => each === state)
}

export function isDraining({ metadata, spec }: Node): boolean {
  return spec.unschedulable === true && metadata.annotations?.[DRAIN_ANNOTATION] !== undefined
}

/** Milliseconds since the epoch, maybe to come; undefined when it runs since ever, NaN when it is off. */
export function bootedAt({ metadata }: Node): number | undefined {
  const text = metadata.annotations?.[BOOT_ANNOTATION]
  return text === undefined ? undefined : parseTimestamp(text)
}

/** Of the machine's last boot: another one each time. */
export function bootID({ metadata }: Node): string {
  const boot = metadata.annotations?.[BOOT_ANNOTATION]
  return uuidOf(`${metadata.uid}/${metadata.name}${boot === undefined ? '' : `/${boot}`}`)
}

/** A UUID that follows from a text. */
export function uuidOf(text: string): string {
  const id = createHash('sha256').update(text).digest('hex')
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-')
}

/** Has the machine gone off since the kubelet last reported? */
export function awaitsBoot(node: Node): boolean {
  const at = bootedAt(node)
  return at !== undefined && (Number.isNaN(at) || node.status?.nodeInfo?.bootID !== bootID(node))
}

export function internalIP(node: Node): string | undefined {
  return internalIPs(node)[0]
}

/** One, or in a dual-stack cluster one of each family. Upstream: component-helpers node/util GetNodeHostIPs */
export function internalIPs(node: Node): readonly string[] {
  const ips = (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
  const other = ips.find((ip) => isIpv6(ip) !== isIpv6(ips[0]!))
  return other === undefined ? ips.slice(0, 1) : [ips[0]!, other]
}

/** Why its kubelet does nothing; undefined when it works. */
export function whyKubeletIsIdle(node: Node): string | undefined {
  const state = silentState(node)
  if (state !== undefined) return whyMachineIsIdle(node)
  if (internalIP(node) === undefined || podCIDRsOf(node).length === 0) return `node ${node.metadata.name} is not set up yet`
  return whyMachineIsIdle(node)
}

/** Why nothing is heard of it, whoever speaks for it. */
export function whyMachineIsIdle(node: Node): string | undefined {
  const state = silentState(node)
  if (state !== undefined) return `node ${node.metadata.name} ${WHY[state]}`
  return awaitsBoot(node) ? `node ${node.metadata.name} is rebooting` : undefined
}
