/**
 * What becomes of a machine by itself: one that is rebooting comes back, one that was off has booted when nothing is the matter with it
 * any more. And what an administrator began is brought to its end. As patches of the Node's annotations.
 */
import { timestamp } from '../../api/meta/time.ts'
import type { Node } from '../../api/types.gen.ts'
import { BOOT_ANNOTATION, bootedAt, DRAIN_ANNOTATION, STATE_ANNOTATION, silentState } from '../node-state.ts'

/** How long a reboot takes when nobody says. */
const REBOOT_MS = 10_000

/**
 * A merge patch; undefined when all is as it should be.
 * @param bootMs how long the machine takes to boot; undefined when nobody says
 */
export function machineStep(
  node: Node,
  wasCordoned: boolean | undefined,
  now: number,
  bootMs?: number,
): Record<string, unknown> | undefined {
  const state = silentState(node)
  const boot = bootedAt(node)
  const annotate = (annotations: Record<string, string | null>, more = {}) => ({
    metadata: { uid: node.metadata.uid, annotations },
    ...more,
  })
  // The state alone says so when it was set by hand.
  if (state === 'crashed' && !Number.isNaN(boot)) return annotate({ [BOOT_ANNOTATION]: '' })
  if (state === 'rebooting') return annotate({ [STATE_ANNOTATION]: null, [BOOT_ANNOTATION]: wholeSecondAfter(now + (bootMs ?? REBOOT_MS)) })
  if (state !== undefined) return undefined
  if (Number.isNaN(boot)) return annotate({ [BOOT_ANNOTATION]: wholeSecondAfter(now + (bootMs ?? 0)) })
  if (node.metadata.annotations?.[DRAIN_ANNOTATION] === undefined || node.spec.unschedulable === true) return undefined
  // Who uncordons a node that is being drained calls that off.
  return wasCordoned === true ? annotate({ [DRAIN_ANNOTATION]: null }) : annotate({}, { spec: { unschedulable: true } })
}

/** After every container that was started before: their times are whole seconds too. */
function wholeSecondAfter(now: number): string {
  return timestamp(now + 1000)
}
