/** What is to happen to which nodes, and when: `@hourly reboot node-2`. */
import { type CronSchedule, parseCronSchedule } from '../../lib/cron-schedule.ts'
import { NODE_ACTIONS } from '../node-objects.ts'

export type ChurnAction = keyof typeof NODE_ACTIONS | 'join' | 'leave'

const ACTIONS: readonly string[] = [...Object.keys(NODE_ACTIONS), 'join', 'leave']
const POOL_PREFIX = 'pool/'

export interface ChurnRule {
  readonly schedule: CronSchedule
  readonly action: ChurnAction
  /** A node by name, or another node of a pool each time. */
  readonly target: { readonly node: string } | { readonly pool: string }
}

/**
 * @param text a schedule as CronJobs have them, an action, and a node's name or `pool/NAME`
 * @throws Error that says what is wrong with it
 */
export function parseChurnRule(text: string): ChurnRule {
  const words = text.trim().split(/\s+/)
  if (words.length < 3) throw new Error(`must be a schedule, an action and a node, not ${JSON.stringify(text)}`)
  const target = words.at(-1)!
  const action = words.at(-2)!
  if (!ACTIONS.includes(action)) throw new Error(`${JSON.stringify(action)} is none of the actions ${ACTIONS.join(', ')}`)
  const schedule = parseCronSchedule(words.slice(0, -2).join(' '))
  const isPool = target.startsWith(POOL_PREFIX)
  return {
    schedule,
    action: action as ChurnAction,
    target: isPool ? { pool: target.slice(POOL_PREFIX.length) } : { node: target },
  }
}
