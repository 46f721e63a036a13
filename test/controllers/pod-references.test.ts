import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { Pod } from '../../src/index.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { Scenario } from '../support/scenario.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

const mounting = (volume: object, container: object = {}, spec: object = {}) => ({
  kind: 'Pod',
  metadata: { name: 'app' },
  spec: {
    nodeName: 'node-1',
    volumes: [{ name: 'v', ...volume }],
    containers: [{ name: 'main', image: 'app:1', volumeMounts: [{ name: 'v', mountPath: '/etc/v' }], ...container }],
    ...spec,
  },
})
const running = (container: object, spec: object = {}) => ({
  kind: 'Pod',
  metadata: { name: 'app' },
  spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'app:1', ...container }], ...spec },
})
const make = async (resource: string, name: string, body: object = {}) => {
  await cluster.client.create(resource, { metadata: { name, namespace: 'default' }, ...body } as never)
  await cluster.cluster.settle()
}
const told = async (...reasons: string[]) =>
  (await cluster.events('app'))
    .filter(({ reason }) => reasons.includes(reason!))
    .map(({ reason, message, count }) => [reason, message, count])
const state = (pod: Pod) => {
  const { waiting, running: runs } = pod.status?.containerStatuses?.[0]?.state ?? {}
  return runs === undefined ? [pod.status?.phase, waiting?.reason, waiting?.message] : 'running'
}
const now = async () => state(await cluster.pod('app'))
const CREATING = ['Pending', 'ContainerCreating', undefined]
const configMapKey = { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'a' } } }] }

describe('a volume that lacks its ConfigMap', () => {
  const fault = 'MountVolume.SetUp failed for volume "v" : configmap "cfg" not found'

  it('holds the pod up, and is tried again less and less often', async () => {
    await cluster.apply(mounting({ configMap: { name: 'cfg' } }))
    const pod = await cluster.pod('app')
    expect(state(pod)).toEqual(CREATING)
    expect(pod.status).toMatchObject({ phase: 'Pending', hostIP: '10.0.0.2', containerStatuses: [{ started: false, ready: false }] })
    expect(pod.status?.podIP).toBeUndefined()
    expect(findCondition(pod.status?.conditions, 'PodReadyToStartContainers')?.status).toBe('False')
    expect(findCondition(pod.status?.conditions, 'Initialized')?.status).toBe('True')
    // Tries are after 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 127.5, 249.5 and 371.5 s.
    const counts: number[] = []
    for (const seconds of [0, 1, 2, 4, 8, 16, 32, 64, 122, 122]) {
      await cluster.seconds(seconds)
      counts.push((await told('FailedMount'))[0]![2] as number)
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect((await told('FailedMount')).map(([, message]) => message)).toEqual([fault])
  })

  it('starts the pod at its first try after the ConfigMap came', async () => {
    await cluster.apply(mounting({ configMap: { name: 'cfg' } }))
    await cluster.seconds(5)
    await make('configmaps', 'cfg')
    await cluster.seconds(2)
    expect(await now()).toEqual(CREATING)
    await cluster.seconds(1)
    expect(await now()).toBe('running')
    expect(await told('FailedMount')).toEqual([['FailedMount', fault, 4]])
    const ready = findCondition((await cluster.pod('app')).status?.conditions, 'PodReadyToStartContainers')
    expect(ready?.status).toBe('True')
  })

  it('shows containers that come after others as PodInitializing', async () => {
    await cluster.apply(mounting({ configMap: { name: 'cfg' } }, {}, { initContainers: [{ name: 'init', image: 'i', command: ['true'] }] }))
    const { status } = await cluster.pod('app')
    expect(status?.initContainerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing')
    expect(status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing')
  })

  it('of no container keeps nobody waiting', async () => {
    await cluster.apply(mounting({ configMap: { name: 'cfg' } }, { volumeMounts: [] }))
    expect(await now()).toBe('running')
  })

  it('lets the pod go when it is deleted', async () => {
    await cluster.apply(mounting({ configMap: { name: 'cfg' } }))
    await cluster.delete('pods', 'app')
    await cluster.seconds(31)
    expect(await cluster.find('pods', 'app')).toBeUndefined()
  })
})

describe('volumes', () => {
  const item = { items: [{ key: 'k', path: 'p' }] }
  it.each<{ name: string; volume: object; fault?: string }>([
    { name: 'an optional ConfigMap', volume: { configMap: { name: 'no', optional: true } } },
    { name: 'an optional Secret', volume: { secret: { secretName: 'no', optional: true } } },
    { name: 'a Secret', volume: { secret: { secretName: 'no' } }, fault: 'secret "no" not found' },
    { name: 'a key', volume: { configMap: { name: 'there', ...item } }, fault: 'configmap references non-existent config key: k' },
    { name: 'an optional key', volume: { configMap: { name: 'there', optional: true, ...item } } },
    { name: 'a key of a Secret', volume: { secret: { secretName: 'there', ...item } }, fault: 'references non-existent secret key: k' },
    { name: 'a projected Secret', volume: { projected: { sources: [{ secret: { name: 'no' } }] } }, fault: 'secret "no" not found' },
    {
      name: 'several that are projected',
      volume: {
        projected: { sources: [{ secret: { name: 'no' } }, { configMap: { name: 'there' } }, { configMap: { name: 'no', ...item } }] },
      },
      fault: '[secret "no" not found, configmap "no" not found]',
    },
    { name: 'an optional one that is projected', volume: { projected: { sources: [{ configMap: { name: 'no', optional: true } }] } } },
    { name: 'a field', volume: { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } } },
    {
      name: 'a claim',
      volume: { persistentVolumeClaim: { claimName: 'no' } },
      fault: 'error processing PVC default/no: failed to fetch PVC from API server: persistentvolumeclaims "no" not found',
    },
    {
      name: 'a claim that waits',
      volume: { persistentVolumeClaim: { claimName: 'unbound' } },
      fault: 'error processing PVC default/unbound: PVC is not bound',
    },
    {
      name: 'a claim of another pod',
      volume: {
        ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } } },
      },
      fault: 'PVC default/app-v was not created for pod default/app (pod is not owner)',
    },
  ])('$name', async ({ volume, fault }) => {
    await make('configmaps', 'there')
    await make('secrets', 'there')
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await make('persistentvolumeclaims', 'unbound', { spec: { ...spec, storageClassName: 'nobody' } })
    await make('persistentvolumeclaims', 'app-v', { spec })
    await cluster.apply(mounting(volume))
    const isClaim = fault?.includes('PVC') === true
    const message = isClaim
      ? `Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: ${fault}`
      : `MountVolume.SetUp failed for volume "v" : ${fault}`
    expect(await told('FailedMount')).toEqual(fault === undefined ? [] : [['FailedMount', message, 1]])
    expect(await now()).toEqual(fault === undefined ? 'running' : CREATING)
  })

  it('lack the account of their token', async () => {
    await cluster.delete('serviceaccounts', 'default')
    const pod = mounting(
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      {},
      { serviceAccountName: 'robot', automountServiceAccountToken: false },
    )
    await make('serviceaccounts', 'robot')
    await cluster.client.create('pods', {
      ...pod,
      metadata: { name: 'app', namespace: 'default' },
      spec: { ...pod.spec, nodeName: undefined, schedulingGates: [{ name: 'g' }] },
    } as never)
    await cluster.delete('serviceaccounts', 'robot')
    await cluster.patch('pods', 'app', { spec: { schedulingGates: null } })
    expect((await told('FailedMount'))[0]?.[1]).toBe(
      'MountVolume.SetUp failed for volume "v" : failed to fetch token: serviceaccounts "robot" not found',
    )
  })

  it('of a claim go on with the sync after it was bound', async () => {
    await cluster.apply(mounting({ persistentVolumeClaim: { claimName: 'late' } }))
    await cluster.seconds(16)
    await make('persistentvolumeclaims', 'late', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } })
    await cluster.seconds(3)
    expect(await now()).toEqual(CREATING)
    expect((await told('FailedMount')).map(([, , count]) => count)).toEqual([2])
    await cluster.seconds(1)
    expect(await now()).toBe('running')
  })
})

describe('a container', () => {
  it('that lacks a variable is tried with each sync of its pod', async () => {
    await cluster.apply(running({ ...configMapKey, command: ['sh', '-c', 'echo "$A"; sleep 1000'] }))
    expect(await now()).toEqual(['Pending', 'CreateContainerConfigError', 'configmap "cfg" not found'])
    expect((await cluster.pod('app')).status?.podIP).toBeDefined()
    await cluster.seconds(25)
    const present = 'Container image "app:1" already present on machine and can be accessed by the pod'
    expect(await told('Pulled', 'Failed')).toEqual([
      ['Pulled', expect.stringContaining('Successfully pulled image "app:1"'), 1],
      ['Failed', 'Error: configmap "cfg" not found', 3],
      ['Pulled', present, 2],
    ])
    await make('configmaps', 'cfg', { data: { b: '1' } })
    await cluster.seconds(5)
    expect(await now()).toEqual(['Pending', 'CreateContainerConfigError', "couldn't find key a in ConfigMap default/cfg"])
    await cluster.patch('configmaps', 'cfg', { data: { a: 'found' } })
    await cluster.seconds(9)
    expect(await now()).not.toBe('running')
    await cluster.seconds(1)
    expect(await now()).toBe('running')
    expect((await cluster.pod('app')).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 0, ready: true })
  })

  it('keeps others of its pod from nothing', async () => {
    await cluster.apply(
      running(configMapKey, {
        containers: [
          { name: 'main', image: 'a', ...configMapKey },
          { name: 'other', image: 'b' },
        ],
      }),
    )
    const { containerStatuses, phase } = (await cluster.pod('app')).status!
    expect(containerStatuses?.map((each) => each.state?.waiting?.reason ?? 'running')).toEqual(['CreateContainerConfigError', 'running'])
    expect(phase).toBe('Pending')
  })

  it('of those that come first holds up the rest', async () => {
    await cluster.apply(running({}, { initContainers: [{ name: 'init', image: 'i', command: ['true'], ...configMapKey }] }))
    const { containerStatuses, initContainerStatuses } = (await cluster.pod('app')).status!
    expect(initContainerStatuses?.[0]?.state?.waiting?.reason).toBe('CreateContainerConfigError')
    expect(containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing')
    await make('configmaps', 'cfg', { data: { a: '1' } })
    await cluster.seconds(10)
    expect(await now()).toBe('running')
  })

  it("whose ConfigMap went isn't started again", async () => {
    await make('configmaps', 'cfg', { data: { a: '3' } })
    await cluster.apply(running({ ...configMapKey, command: ['sh', '-c', 'sleep 5; exit $A'] }))
    await cluster.delete('configmaps', 'cfg')
    await cluster.seconds(5)
    expect((await cluster.pod('app')).status).toMatchObject({
      phase: 'Running',
      containerStatuses: [
        { restartCount: 0, state: { waiting: { reason: 'CreateContainerConfigError' } }, lastState: { terminated: { exitCode: 3 } } },
      ],
    })
    await make('configmaps', 'cfg', { data: { a: '4' } })
    await cluster.seconds(10)
    expect((await cluster.pod('app')).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} } })
    await cluster.seconds(5)
    expect((await cluster.pod('app')).status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(4)
  })

  it('may not run as root when it says so', async () => {
    await cluster.apply(running({ securityContext: { runAsUser: 0 } }, { securityContext: { runAsNonRoot: true, runAsUser: 1000 } }))
    const { uid } = (await cluster.pod('app')).metadata
    expect(await now()).toEqual([
      'Pending',
      'CreateContainerConfigError',
      `container's runAsUser breaks non-root policy (pod: "app_default(${uid})", container: main)`,
    ])
  })

  it('needs the variables of its mounts', async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v', subPathExpr: '$(HERE)/$(THERE)/$(MISSING)' }]
    const env = [
      { name: 'HERE', value: 'x' },
      { name: 'THERE', value: '' },
    ]
    await cluster.apply(mounting({ emptyDir: {} }, { volumeMounts, env }))
    expect(await now()).toEqual(['Pending', 'CreateContainerConfigError', 'missing value for MISSING, THERE'])
  })

  it('is pulled without secrets that are missing', async () => {
    await make('secrets', 'there')
    await cluster.apply(running({}, { imagePullSecrets: [{ name: 'here' }, { name: 'there' }, { name: 'gone' }] }))
    expect(await now()).toBe('running')
    expect(await told('FailedToRetrieveImagePullSecret')).toEqual([
      [
        'FailedToRetrieveImagePullSecret',
        'Unable to retrieve some image pull secrets (here, gone); attempting to pull the image may not succeed.',
        1,
      ],
    ])
  })
})

it('a pod waits for the certificate of the API server, if nobody publishes it', async () => {
  await cluster.close()
  cluster = await Scenario.start({ nodes: 1, controllers: ['*', '-root-ca-certificate-publisher'] })
  await cluster.apply(running({}))
  const { spec } = await cluster.pod('app')
  const fault = `MountVolume.SetUp failed for volume "${spec.volumes![0]!.name}" : configmap "kube-root-ca.crt" not found`
  expect([await now(), await told('FailedMount')]).toEqual([CREATING, [['FailedMount', fault, 1]]])
  await make('configmaps', 'kube-root-ca.crt', { data: { 'ca.crt': '' } })
  await cluster.seconds(1)
  expect(await now()).toBe('running')
})

it.each([
  { name: 'nothing', comes: false },
  { name: 'the ConfigMap', comes: true },
])('a server that was killed carries on with its tries, and finds $name', async ({ comes }) => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-mounts-'))
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  await cluster.close()
  cluster = await Scenario.start({ storage, nodes: 1, clock: new VirtualClock(START) })
  await cluster.apply(mounting({ configMap: { name: 'cfg' } }))
  await cluster.seconds(5)
  if (comes) await make('configmaps', 'cfg')
  await cluster.close()
  cluster = await Scenario.start({ storage, clock: new VirtualClock(START + 5000) })
  await cluster.cluster.settle()
  // A kubelet that starts looks at once, here without saying again what it said before.
  expect(await now()).toEqual(comes ? 'running' : CREATING)
  const tries = async () => (await told('FailedMount')).reduce((sum, [, , count]) => sum + (count as number), 0)
  expect(await tries()).toBe(4)
  await cluster.seconds(2)
  expect(await tries()).toBe(4)
  await cluster.seconds(1)
  expect(await tries()).toBe(comes ? 4 : 5)
  rmSync(folder, { recursive: true })
})
