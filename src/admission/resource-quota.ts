import { forbiddenError } from '../api/meta/api-error.ts'
import type { GroupResource } from '../api/object.ts'
import type { Amounts } from '../api/quota/amounts.ts'
import { chargeQuotas } from '../api/quota/charge.ts'
import { evaluatorOf } from '../api/quota/evaluators.ts'
import type { ResourceQuota } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages, type Reservation } from './admission.ts'

const QUOTAS: GroupResource = 'resourcequotas'

/** Chains that are remembered: more than there are writes in a turn. Forgetting one costs its writes another try. */
const MAX_CHAINS = 1024

/** The writes of one turn that count towards a quota, each on the revision that the one before it will have made. */
interface Chain {
  /** The resourceVersion of the stored quota it begins with. */
  readonly base: string
  /** As it will be once these writes are done. */
  quota: ResourceQuota
  /** Its revision is known once the last of the writes is done. */
  made: { revision?: number }
  /** One of them wasn't done, so those after it won't be either. */
  isBroken: boolean
}

/**
 * Nothing is written that a quota of its namespace has no room for, and what is written is counted in the same commit: of two
 * creates that want the last unit one gets it, and a create that fails takes nothing.
 * Upstream: apiserver/pkg/admission/plugin/resourcequota, which counts first and leaves a failed create counted until a resync.
 */
export function resourceQuota(): AdmissionPlugin {
  const chains = new Map<string, Chain>()
  const chainOf = ({ metadata }: ResourceQuota): Chain | undefined => {
    const chain = chains.get(metadata.uid)
    if (chain === undefined || chain.isBroken || chain.made.revision !== undefined || chain.base !== metadata.resourceVersion)
      return undefined
    return chain
  }
  const reserve = (stored: ResourceQuota, used: Amounts): Reservation => {
    const { uid, resourceVersion } = stored.metadata
    const before = chainOf(stored)
    const quota = before?.quota ?? stored
    const next: ResourceQuota = { ...quota, metadata: { ...quota.metadata }, status: { ...quota.status, used } }
    let chain = before
    return {
      resource: QUOTAS,
      old: quota,
      next,
      expectedRevision: before?.made ?? Number(resourceVersion),
      begin: () => {
        const made = {}
        if (chain === undefined) {
          if (chains.size >= MAX_CHAINS) chains.clear()
          chain = { base: resourceVersion!, quota: next, made, isBroken: false }
          chains.set(uid, chain)
        } else Object.assign(chain, { quota: next, made })
        return made
      },
      fail: () => {
        if (chain !== undefined) chain.isBroken = true
      },
    }
  }
  return {
    name: 'ResourceQuota',
    handles: ({ operation, definition }) => operation !== 'delete' && definition.namespaced,
    reserve: ({ operation, definition, subresource, namespace, object, old, isDryRun }, cluster) => {
      const stored = cluster.list<ResourceQuota>(QUOTAS, namespace)
      if (stored.length === 0) return []
      const evaluator = evaluatorOf(definition.groupResource)
      if (evaluator === undefined) return []
      const quotas = stored.map((quota) => chainOf(quota)?.quota ?? quota)
      const change = { operation: operation as 'create' | 'update', subresource, object: object!, old }
      const charges = chargeQuotas(quotas, change, evaluator, cluster.now)
      if ('refusal' in charges) throw forbiddenError(definition, nameForMessages(object!), charges.refusal)
      return isDryRun ? [] : charges.map(({ quota, used }) => reserve(stored[quotas.indexOf(quota)]!, used))
    },
  }
}
