import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'

interface Row {
  readonly name?: string
  readonly command?: string[]
  readonly args?: string[]
  readonly env?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly restartCount?: number
  readonly inJob?: boolean
  readonly runsForMs: number | 'forever'
  readonly exitCode?: number
  readonly output?: string
}

const sh = (script: string) => ['sh', '-c', script]

const rows: Row[] = [
  { command: ['sleep', '5'], runsForMs: 5000 },
  { command: ['sleep', '1m'], runsForMs: 60_000 },
  { command: ['/bin/sleep', '0.5'], runsForMs: 500 },
  { command: ['sleep', 'infinity'], runsForMs: 'forever' },
  { command: ['sleep', 'x'], runsForMs: 0, exitCode: 1 },
  { command: ['true'], runsForMs: 0 },
  { command: ['/bin/false'], runsForMs: 0, exitCode: 1 },
  { command: ['echo', 'hello', 'world'], runsForMs: 0, output: 'hello world\n' },
  { args: ['sleep', '3'], runsForMs: 3000 },
  { args: ['--port', '80'], runsForMs: 'forever' },
  { command: ['sleep'], args: ['3'], runsForMs: 3000 },
  { command: sh('exit 3'), runsForMs: 0, exitCode: 3 },
  { command: sh('echo a; sleep 2; exit 1'), runsForMs: 2000, exitCode: 1, output: 'a\n' },
  { command: sh('false && sleep 9 || sleep 1'), runsForMs: 1000 },
  { command: sh('true || sleep 9; sleep 1'), runsForMs: 1000 },
  { command: sh('sleep 1 && false'), runsForMs: 1000, exitCode: 1 },
  { command: ['/bin/sh', '-ec', 'false\nsleep 10'], runsForMs: 0, exitCode: 1 },
  { command: sh('set -e; false; sleep 10'), runsForMs: 0, exitCode: 1 },
  { command: sh('set -e; false || true; sleep 10'), runsForMs: 10_000 },
  { command: ['/bin/sh', '-c', 'false\nsleep 10'], runsForMs: 10_000 },
  { command: ['bash', '-c', 'sleep $DURATION'], env: { DURATION: '7' }, runsForMs: 7000 },
  { command: ['sleep', '$(DURATION)'], env: { DURATION: '7' }, runsForMs: 7000 },
  { command: sh('while true; do date; sleep 1; done'), runsForMs: 'forever' },
  { command: sh('while :; do echo x >> /var/log/app.log; sleep 5; done'), runsForMs: 'forever' },
  { command: sh('i=0; while true; do echo "$i: $(date)" >> /var/log/1.log; i=$((i+1)); sleep 1; done'), runsForMs: 'forever' },
  { command: sh('i=0; while [ $i -lt 3 ]; do i=$((i+1)); sleep 2; done'), runsForMs: 6000 },
  { command: sh('until false; do sleep 1; done'), runsForMs: 'forever' },
  { command: sh('for i in 1 2 3; do echo $i; sleep 1; done'), runsForMs: 3000, output: '1\n2\n3\n' },
  { command: ['bash', '-c', 'for i in 9 8 7 6 5 4 3 2 1 ; do echo $i ; done'], runsForMs: 0, output: '9\n8\n7\n6\n5\n4\n3\n2\n1\n' },
  { command: sh('for i in $(seq 1 5); do sleep 2; done'), runsForMs: 10_000 },
  { command: ['bash', '-c', 'for i in {1..4}; do sleep 1; done'], runsForMs: 4000 },
  { command: sh('for i in 1 2 3; do if [ "$i" = 2 ]; then break; fi; sleep 1; done'), runsForMs: 1000 },
  { command: sh('if [ -f /data/seed ]; then exit 4; else sleep 100; fi'), runsForMs: 0, exitCode: 4 },
  { command: sh('echo "it\'s fine" | tee /tmp/x | sleep 2'), runsForMs: 2000 },
  { command: sh('sleep 100 & echo done'), runsForMs: 0, output: 'done\n' },
  { command: sh('( sleep 1; exit 2 )'), runsForMs: 1000, exitCode: 2 },
  { command: sh('timeout 3 sleep 10'), runsForMs: 3000, exitCode: 124 },
  { command: sh('cp -r /a /b && exec sleep 4'), runsForMs: 4000 },
  { command: sh('end=$(( $(date +%s) + 10 )); while [ $(date +%s) -lt $end ]; do sleep 1; done'), runsForMs: 10_000 },
  { command: ['tail', '-f', '/dev/null'], runsForMs: 'forever' },
  { command: sh('mysqldump --all-databases | gzip > /backup/db.sql.gz'), inJob: true, runsForMs: 1000 },
  { command: sh('nginx -g "daemon off;"'), runsForMs: 'forever' },
  { command: ['perl', '-wle', 'print 1'], inJob: true, runsForMs: 1000 },
  { command: ['perl', '-wle', 'print 1'], runsForMs: 'forever' },
  { name: 'an image entrypoint', runsForMs: 'forever' },
  { name: "a Job's image entrypoint", inJob: true, runsForMs: 1000 },
  { name: 'a script beyond the grammar', command: sh('case "$1" in a) sleep 1;; esac'), inJob: true, runsForMs: 1000 },
  { name: 'exit-code', annotations: { 'coracle.dev/exit-code': '2' }, runsForMs: 1000, exitCode: 2 },
  {
    name: 'exit-code of the second attempt',
    annotations: { 'coracle.dev/exit-code': '1,7,0' },
    restartCount: 1,
    runsForMs: 1000,
    exitCode: 7,
  },
  { name: 'the last exit-code goes on', annotations: { 'coracle.dev/exit-code': '1,0' }, restartCount: 5, runsForMs: 1000, exitCode: 0 },
  { name: 'run-for', annotations: { 'coracle.dev/run-for': '1m30s' }, runsForMs: 90_000 },
  { name: 'run-for in seconds', command: ['false'], annotations: { 'coracle.dev/run-for': '2' }, runsForMs: 2000, exitCode: 1 },
  {
    name: "a container's own annotation wins",
    annotations: { 'coracle.dev/run-for': '2', 'run-for.coracle.dev/main': '3' },
    runsForMs: 3000,
  },
  { name: "another container's annotation", annotations: { 'run-for.coracle.dev/other': '3' }, runsForMs: 'forever' },
  { name: 'a malformed annotation', annotations: { 'coracle.dev/run-for': 'long' }, runsForMs: 'forever' },
]

describe('SimulatedRuntime', () => {
  it.each(rows.map((row) => [row.name ?? JSON.stringify(row.command ?? row.args), row] as const))('%s', (_name, row) => {
    const container: Container = { name: 'main', command: row.command, args: row.args }
    if (row.env) container.env = Object.entries(row.env).map(([name, value]) => ({ name, value }))
    const pod = {
      metadata: {
        name: 'p',
        annotations: row.annotations,
        ownerReferences: row.inJob ? [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }] : undefined,
      },
      spec: { containers: [container] },
    } as unknown as Pod
    const outcome = new SimulatedRuntime().outcome(pod, container, {
      restartCount: row.restartCount ?? 0,
      startedAt: Date.parse('2026-01-01T00:00:00Z'),
    })
    expect(outcome.runsForMs).toBe(row.runsForMs)
    expect(outcome.exitCode).toBe(row.exitCode ?? 0)
    if (row.output !== undefined) expect(outcome.printed.map(({ text }) => text).join('')).toBe(row.output)
  })
})
