/**
 * Every minute, on the minute, something is woken: the CronJob controller looks at all its CronJobs again. Its own timers
 * count elapsed time, so a laptop that slept or a system clock that was stepped would leave them behind.
 *
 * node-cron only says that a minute has begun. What is due then is decided by lib/cron-schedule.ts, since the two read
 * schedules differently.
 */
import type { ScheduledTask, schedule, TaskOptions } from 'node-cron'

/** node-cron's own. */
export type ScheduleFunction = typeof schedule

const EVERY_MINUTE = '* * * * *'
const OPTIONS: TaskOptions = { name: 'cronjob-wake-up', timezone: 'UTC', unref: true, suppressMissedWarning: true }

export class MinuteWakeUp {
  readonly #wake: () => void
  readonly #load: () => Promise<ScheduleFunction>
  #task: ScheduledTask | undefined
  #isStopped = false

  /** @param load gives node-cron's `schedule`; it is loaded when it is first needed, to cost no time at start */
  constructor(wake: () => void, load: () => Promise<ScheduleFunction> = async () => (await import('node-cron')).schedule) {
    this.#wake = wake
    this.#load = load
  }

  /** Resolves when node-cron is loaded; nothing needs to wait for that. */
  async start(): Promise<void> {
    const scheduleTask = await this.#load()
    if (this.#isStopped) return
    this.#task = scheduleTask(EVERY_MINUTE, this.#wake, OPTIONS)
    // After a sleep node-cron tells of the minute it missed in place of running it: the very case this is for.
    this.#task.on('execution:missed', this.#wake)
  }

  /** Idempotent; also while `start` is under way. */
  stop(): void {
    this.#isStopped = true
    void this.#task?.destroy()
    this.#task = undefined
  }
}
