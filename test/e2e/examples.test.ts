import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
let applied: string
beforeAll(async () => {
  server = await ServerProcess.start()
  applied = await server.kubectl('apply', '-f', 'examples/')
})
afterAll(() => server?.stop())

const lines = (text: string) => text.trimEnd().split('\n')
const ROLLOUTS = [
  ['deployment/web', 'deployment "web" successfully rolled out'],
  ['daemonset/log-collector', 'daemon set "log-collector" successfully rolled out'],
  ['statefulset/mysql', 'partitioned roll out complete: 1 new pods have been updated...'],
  ['statefulset/redis', 'partitioned roll out complete: 3 new pods have been updated...'],
  ['statefulset/kafka', 'partitioned roll out complete: 3 new pods have been updated...'],
  ['statefulset/zookeeper', 'partitioned roll out complete: 3 new pods have been updated...'],
] as const

it('creates every object of the examples', () => {
  expect(lines(applied).filter((line) => !line.endsWith(' created'))).toEqual([])
  for (const kind of [
    'pod/',
    'deployment.apps/',
    'replicaset.apps/',
    'daemonset.apps/',
    'statefulset.apps/',
    'job.batch/',
    'cronjob.batch/',
  ]) {
    expect(applied).toContain(`\n${kind}`)
  }
})

it('applies them a second time without a change, and sees no difference', async () => {
  const again = lines(await server.kubectl('apply', '-f', 'examples/'))
  expect(again).toHaveLength(lines(applied).length)
  expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([])
  expect(await server.tryKubectl(['diff', '-f', 'examples/'])).toEqual({ stdout: '', stderr: '', code: 0 })
})

it.each(ROLLOUTS)('rolls out %s', async (workload, says) => {
  const text = await server.kubectl('rollout', 'status', workload, '--timeout=90s')
  expect(lines(text).at(-1)).toBe(says)
})

it('brings every workload to rest', async () => {
  await server.kubectl('wait', '--for=condition=Complete', 'job/rsync', 'job/object-storage-upload', '--timeout=90s')
  await server.kubectl('wait', '--for=condition=Ready', 'pod/toolbox', '--timeout=60s')
  await server.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=4', 'replicaset/queue-worker', '--timeout=60s')
  await eventually(async () =>
    expect(await server.kubectl('get', 'daemonset', 'monitoring-agent', '-o', 'jsonpath={.status.numberReady}')).toBe('3'),
  )
})

it('binds the claims of the StatefulSets, and the claim of the backup', async () => {
  await eventually(async () => {
    const claims = table(await server.kubectl('get', 'pvc'))
    expect(claims.map(({ NAME }) => NAME)).toEqual([
      ...['data-kafka-0', 'data-kafka-1', 'data-kafka-2', 'data-mysql-0', 'data-redis-0', 'data-redis-1', 'data-redis-2'],
      ...['data-zookeeper-0', 'data-zookeeper-1', 'data-zookeeper-2', 'database-backup'],
    ])
    expect(claims.filter(({ NAME, STATUS }) => STATUS !== 'Bound' && NAME !== 'database-backup')).toEqual([])
  })
})

it('lists everything, wide', async () => {
  const tables = (await server.kubectl('get', 'all', '-o', 'wide')).trimEnd().split('\n\n').map(table)
  const headings = Object.fromEntries(tables.map((rows) => [rows[0]?.NAME?.split('/')[0], Object.keys(rows[0] ?? {})]))
  expect(headings).toEqual({
    pod: ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES'],
    service: ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE', 'SELECTOR'],
    'daemonset.apps': [
      ...['NAME', 'DESIRED', 'CURRENT', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'NODE SELECTOR', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
    ],
    'deployment.apps': ['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
    'replicaset.apps': ['NAME', 'DESIRED', 'CURRENT', 'READY', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
    'statefulset.apps': ['NAME', 'READY', 'AGE', 'CONTAINERS', 'IMAGES'],
    'cronjob.batch': ['NAME', 'SCHEDULE', 'TIMEZONE', 'SUSPEND', 'ACTIVE', 'LAST SCHEDULE', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
    'job.batch': ['NAME', 'STATUS', 'COMPLETIONS', 'DURATION', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
  })
  const pods = tables[0]?.filter(({ STATUS }) => STATUS !== 'Completed') ?? []
  expect(pods.filter(({ STATUS, READY }) => STATUS !== 'Running' || READY !== '1/1')).toEqual([])
  expect(new Set(pods.map(({ IP }) => IP)).size).toBeGreaterThan(pods.length - 3) // Pods of the host's network share the node's.
})

describe('describe', () => {
  it.each([
    ['pod/toolbox', ['Node:', 'Status:', 'IP:', 'Containers:', 'Conditions:', 'QoS Class:', 'Events:', 'Scheduled', 'Started']],
    ['pod/mysql-0', ['Controlled By:', 'Volumes:', 'ClaimName:  data-mysql-0', 'Readiness:', 'Startup:']],
    [
      'deployment/web',
      ['Replicas:', '3 desired | 3 updated | 3 total | 3 available | 0 unavailable', 'NewReplicaSet:', 'ScalingReplicaSet'],
    ],
    ['replicaset/queue-worker', ['4 current / 4 desired', '4 Running / 0 Waiting / 0 Succeeded / 0 Failed', 'SuccessfulCreate']],
    ['daemonset/log-collector', ['Desired Number of Nodes Scheduled: 3', 'Number of Nodes Misscheduled: 0', 'SuccessfulCreate']],
    ['statefulset/redis', ['3 desired | 3 total', 'Volume Claims:', 'SuccessfulCreate']],
    ['job/object-storage-upload', ['Completions:', 'Completed Indexes:  0-5', '0 Active (0 Ready) / 6 Succeeded / 0 Failed', 'Completed']],
    ['cronjob/database-backup', ['Schedule:', 'Concurrency Policy:', 'Forbid', 'Last Schedule Time:  <unset>']],
    ['node/node-1', ['Roles:', 'Conditions:', 'Capacity:', 'Non-terminated Pods:', 'Allocated resources:']],
    ['service/web', ['Selector:', 'app=web', 'Endpoints:', ':80']],
    ['pvc/data-mysql-0', ['Status:', 'Bound', 'Used By:', 'mysql-0']],
    ['namespace/default', ['Status:', 'Active']],
    ['configmap/redis', ['Data', 'redis.conf:']],
    ['secret/mysql', ['Type:', 'Opaque', 'root-password:  9 bytes']],
    ['serviceaccount/log-collector', ['Name:']],
  ])('%s', async (object, says) => {
    const text = await server.kubectl('describe', object)
    for (const part of says) expect(text).toContain(part)
  })
})

it('deletes them all again', async () => {
  await server.kubectl('delete', '-f', 'examples/', '--timeout=90s')
  await eventually(async () => {
    expect((await server.tryKubectl(['get', 'pods,replicasets,jobs,statefulsets,daemonsets'])).stderr).toBe(
      'No resources found in default namespace.\n',
    )
  })
  // Claims of a StatefulSet outlive it.
  expect(table(await server.kubectl('get', 'pvc'))).toHaveLength(10)
})
