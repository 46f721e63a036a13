import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { SimulatedLogs } from '../../src/nodes/container-logs.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const DAY = 86_400

interface Row {
  readonly name: string
  readonly script?: string
  readonly log?: string
  readonly atSeconds: number
  /** Of the run, when it has ended. */
  readonly endedAt?: number
  readonly count?: number
  readonly last: string
}

const rows: Row[] = [
  {
    name: 'a counter after a month',
    script: 'i=0; while true; do echo "$i: $(date)"; i=$((i+1)); sleep 1; done',
    atSeconds: 30 * DAY,
    last: '2592000: Sat Jan 31 00:00:00 UTC 2026\n',
  },
  {
    name: 'seconds by the clock after a month',
    script: 'while true; do date +%s; sleep 5; done',
    atSeconds: 30 * DAY,
    last: `${START / 1000 + 30 * DAY}\n`,
  },
  { name: 'a loop that repeats', script: 'while true; do echo a; sleep 1; echo b; sleep 1; done', atSeconds: 30 * DAY + 1, last: 'b\n' },
  {
    name: 'a loop that branches',
    script: 'i=0; while true; do i=$((i+1)); if [ $i = 3 ]; then echo three; fi; sleep 1; done',
    atSeconds: 60,
    count: 1,
    last: 'three\n',
  },
  { name: 'a loop that starts over', script: 'i=0; while true; do i=$(( (i+1) % 4 )); echo $i; sleep 1; done', atSeconds: 60, last: '1\n' },
  { name: 'a loop that doubles', script: 'i=1; while true; do i=$((i*2)); echo $i; sleep 1; done', atSeconds: 9, last: '1024\n' },
  { name: 'a loop that is silent', script: 'while true; do sleep 1; done', atSeconds: 60, count: 0, last: '' },
  { name: 'a loop in no time', script: 'while true; do echo x; done', atSeconds: 60, count: 1, last: 'x\n' },
  {
    name: 'a loop within a time',
    script: 'timeout 3 sh -c "while true; do echo x; sleep 1; done"; echo over; sleep 99',
    atSeconds: 60,
    count: 5,
    last: 'over\n',
  },
  { name: 'a program that nobody knows', script: 'nginx', atSeconds: 60, count: 0, last: '' },
  { name: 'what was cut off', script: 'printf cut; sleep 100', atSeconds: 60, endedAt: 7, count: 1, last: 'cut' },
  { name: 'nothing after the end', script: 'while true; do echo x; sleep 1; done', atSeconds: 60, endedAt: 7, count: 8, last: 'x\n' },
  { name: 'printf', script: "printf '%s-%03d\\n' a 1 b 22; sleep 9", atSeconds: 1, count: 2, last: 'b-022\n' },
  {
    name: 'beside the script',
    script: 'while true; do echo side; sleep 4; done & sleep 1; echo main; sleep 99',
    atSeconds: 5,
    count: 3,
    last: 'side\n',
  },
  { name: 'declared, after a year', log: 'one\n@every 1m {n}', atSeconds: 365 * DAY, last: '525600\n' },
  { name: 'declared, twice a second', log: '@every 500ms {time}\n+1s one', atSeconds: 1, count: 3, last: 'one\n' },
]

describe('SimulatedLogs', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_name, { script, log, atSeconds, endedAt, count, last }) => {
    const container: Container = { name: 'main', ...(script ? { command: ['sh', '-c', script] } : {}) }
    const annotations = log === undefined ? {} : { 'coracle.dev/log': log }
    const pod = { metadata: { name: 'p', uid: 'u', annotations }, spec: { containers: [container] } } as unknown as Pod
    const until = START + atSeconds * 1000
    const run = { restartCount: 0, startedAt: START, finishedAt: endedAt === undefined ? undefined : START + endedAt * 1000 }
    const lines = new SimulatedLogs(new SimulatedRuntime()).read(pod, container, run, until).lines.filter(({ at }) => at <= until)
    if (count !== undefined) expect(lines.map(({ text }) => text)).toHaveLength(count)
    expect(lines.at(-1)?.text ?? '').toBe(last)
  })
})
