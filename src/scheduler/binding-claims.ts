import { isReachable } from '../api/core/v1/match-volume.ts'
import { SELECTED_NODE } from '../api/core/v1/volume-annotations.ts'
import type { Node } from '../api/types.gen.ts'
import type { Situation } from './situation.ts'

interface Binding {
  readonly claims: readonly string[]
  /** Of these. */
  readonly toProvision: readonly string[]
  readonly since: number
}

export type Progress =
  | { readonly kind: 'bound' }
  | { readonly kind: 'waiting'; readonly leftMs: number; readonly on: string }
  | { readonly kind: 'failed'; readonly why: string }

/** Upstream: VolumeBindingArgs bindTimeoutSeconds. */
const LONGEST_MS = 600_000

/** Pods that have a node in thought while their claims are being bound to it. Upstream: volumebinding/binder.go checkBindings. */
export class BindingClaims {
  readonly #pods = new Map<string, Binding>()
  readonly #podsOfClaim = new Map<string, Set<string>>()

  begin({ pod, volumes }: Situation, toProvision: readonly string[], now: number): void {
    const { namespace } = pod.pod.metadata
    const claims = volumes.delayed.map(({ claim }) => `${namespace}/${claim.metadata.name}`)
    this.#pods.set(pod.key, { claims, toProvision, since: now })
    for (const claim of claims) this.#podsOfClaim.set(claim, (this.#podsOfClaim.get(claim) ?? new Set()).add(pod.key))
  }

  forget(key: string): void {
    for (const claim of this.#pods.get(key)?.claims ?? []) {
      const pods = this.#podsOfClaim.get(claim)!
      pods.delete(key)
      if (pods.size === 0) this.#podsOfClaim.delete(claim)
    }
    this.#pods.delete(key)
  }

  /** Those that wait for the claim. */
  podsOf(claim: string): readonly string[] {
    return [...(this.#podsOfClaim.get(claim) ?? [])]
  }

  /** undefined when it isn't such a pod. */
  progress(key: string, { volumes, storage, cache, pod }: Situation, nodeName: string, now: number): Progress | undefined {
    const binding = this.#pods.get(key)
    if (binding === undefined) return undefined
    const failed = (why: string): Progress => ({ kind: 'failed', why })
    const node = cache.node(nodeName)?.node
    if (node === undefined) return failed(`failed to get node "${nodeName}": node "${nodeName}" not found`)
    if (volumes.blocked !== undefined && volumes.delayed.length + volumes.bound.length < volumes.claims.length) {
      const gone = volumes.claims.find(({ name }) => storage.claim(pod.pod.metadata.namespace, name) === undefined)
      if (gone !== undefined)
        return failed(
          `failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "${pod.pod.metadata.namespace}/${gone.name}"`,
        )
    }
    for (const { claim } of volumes.delayed) {
      const { name, annotations } = claim.metadata
      if (!binding.toProvision.includes(name)) continue
      if (annotations === undefined) return failed(`selectedNode annotation reset for PVC "${name}"`)
      if (annotations[SELECTED_NODE] !== nodeName) return failed(`provisioning failed for PVC "${name}"`)
    }
    const stray = volumes.bound.find(({ volume }) => volume !== undefined && !isReachable(volume, node))
    if (stray !== undefined) return failed(affinityFault(stray.volume!.metadata.name, node))
    const pending = volumes.claims.filter(({ name }) => !volumes.bound.some(({ claim }) => claim.metadata.name === name))
    if (pending.length === 0) return { kind: 'bound' }
    const leftMs = LONGEST_MS - (now - binding.since)
    if (leftMs <= 0) return failed('context deadline exceeded')
    return { kind: 'waiting', leftMs, on: `claims to be bound on node ${nodeName}: ${pending.map(({ name }) => name).join(', ')}` }
  }
}

function affinityFault(volume: string, node: Node): string {
  return `pv "${volume}" node affinity doesn't match node "${node.metadata.name}": no matching NodeSelectorTerms`
}
