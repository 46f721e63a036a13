/** Which rules' times have come, and what that means for which nodes. */
import { createHash } from 'node:crypto'
import type { New } from '../../api/object.ts'
import type { ConfigMap, Node } from '../../api/types.gen.ts'
import { nextAfter } from '../../lib/cron-schedule.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { NODE_ACTIONS, newNode } from '../node-objects.ts'
import { POOL_LABEL } from '../node-pool.ts'
import { silentState } from '../node-state.ts'
import { type ChurnRule, parseChurnRule } from './rule.ts'

export interface ObservedChurn {
  /** Whose values are rules. */
  readonly configMaps: readonly ConfigMap[]
  readonly nodes: readonly Node[]
  /** Nodes that went, as they may come again. */
  readonly departed: ReadonlyMap<string, New<Node>>
  /** From when each rule's next time counts, in milliseconds since the epoch: when it was last carried out, or first seen. By rule key. */
  readonly anchors: ReadonlyMap<string, number>
  /** Resource versions of ConfigMaps whose faults were told of, by uid. */
  readonly told: ReadonlyMap<string, string>
}

export interface ChurnStep {
  readonly plan: Plan
  /** The same for the next look. */
  readonly anchors: ReadonlyMap<string, number>
  readonly told: ReadonlyMap<string, string>
}

export function reconcileChurn(observed: ObservedChurn, now: number): ChurnStep {
  const anchors = new Map<string, number>()
  const told = new Map<string, string>()
  const actions: Action[] = []
  const events: PlannedEvent[] = []
  let wakeAt = Number.POSITIVE_INFINITY
  for (const configMap of observed.configMaps) {
    const { uid, resourceVersion, namespace, name } = configMap.metadata
    told.set(uid, resourceVersion)
    for (const [ruleName, text] of Object.entries(configMap.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const rule = readRule(text)
      if (typeof rule === 'string') {
        const message = `${ruleName}: ${rule}`
        if (observed.told.get(uid) !== resourceVersion) events.push({ type: 'Warning', reason: 'InvalidChurn', message, about: configMap })
        continue
      }
      // With the text: a rule that was changed begins anew.
      const key = `${uid}/${ruleName}/${text}`
      const anchor = observed.anchors.get(key) ?? now
      let next = nextAfter(rule.schedule, anchor)
      const isDue = next !== undefined && next <= now
      // What was missed is not made up for more than once.
      if (isDue) {
        const node = targetOf(rule, observed, `${key}/${next}`)
        if (node !== undefined)
          actions.push(withEvent(actionOn(rule, node, observed), node, `${rule.action}, as ${namespace}/${name} says: ${text.trim()}`))
        next = nextAfter(rule.schedule, now)
      }
      anchors.set(key, isDue ? now : anchor)
      if (next !== undefined) wakeAt = Math.min(wakeAt, next)
    }
  }
  return { plan: { actions, events, ...(wakeAt === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: wakeAt - now }) }, anchors, told }
}

function readRule(text: string): ChurnRule | string {
  try {
    return parseChurnRule(text)
  } catch (error) {
    return (error as Error).message
  }
}

/** A node that is there, or the name of one that isn't; undefined when the rule can do nothing. @param draw decides which one of several */
function targetOf({ action, target }: ChurnRule, { nodes, departed }: ObservedChurn, draw: string): Node | string | undefined {
  if (action === 'join') {
    const isThere = (name: string) => nodes.some(({ metadata }) => metadata.name === name)
    if ('node' in target) return isThere(target.node) ? undefined : target.node
    const gone = [...departed].filter(([name, node]) => node.metadata.labels?.[POOL_LABEL] === target.pool && !isThere(name))
    return pick(gone.map(([name]) => name).sort(), draw)
  }
  if ('node' in target) return nodes.find(({ metadata }) => metadata.name === target.node)
  const candidates = nodes.filter((node) => node.metadata.labels?.[POOL_LABEL] === target.pool && isOpenTo(action, node))
  return pick(
    [...candidates].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    draw,
  )
}

/** Would it change something? */
function isOpenTo(action: ChurnRule['action'], node: Node): boolean {
  if (action === 'recover') return silentState(node) !== undefined
  if (action === 'uncordon') return node.spec.unschedulable === true
  if (action === 'cordon' || action === 'drain') return node.spec.unschedulable !== true
  return silentState(node) === undefined
}

function pick<T>(candidates: readonly T[], draw: string): T | undefined {
  return candidates[createHash('sha256').update(draw).digest().readUInt32BE() % candidates.length]
}

function actionOn({ action }: ChurnRule, node: Node | string, { departed }: ObservedChurn): Action {
  if (typeof node === 'string') return { verb: 'create', resource: 'nodes', object: departed.get(node) ?? newNode(node) }
  const { name, uid } = node.metadata
  const target = { resource: 'nodes', namespace: '', name }
  if (action === 'leave' || action === 'join') return { verb: 'delete', target, preconditions: { uid } }
  const patch: { readonly metadata?: object; readonly spec?: object } = NODE_ACTIONS[action]
  return { verb: 'patch', target, patch: { ...patch, metadata: { ...patch.metadata, uid } } }
}

function withEvent(action: Action, node: Node | string, message: string): Action {
  return typeof node === 'string' ? action : { ...action, event: { type: 'Normal', reason: 'Churn', message, about: node } }
}
