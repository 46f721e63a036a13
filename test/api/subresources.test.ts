import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json, STRATEGIC_PATCH } from '../support/api.ts'
import { certificateRequest } from '../support/samples.ts'

const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const container = (name: string, more: Json = {}) => ({ name, image: 'i', ...more })
const amounts = (cpu: string, memory = '64Mi') => ({ requests: { cpu, memory }, limits: { cpu, memory } })
/** A pod that runs. */
async function running(name: string, spec: Json = {}, metadata: Json = {}): Promise<Json> {
  await api.created(PODS, { metadata: { name, ...metadata }, spec: { containers: [container('c')], ...spec } })
  await cluster.settle()
  const pod = (await api.get(`${PODS}/${name}`)).body
  expect(pod.status.phase).toBe('Running')
  return pod
}

describe('ephemeralcontainers', () => {
  const debug = (...names: string[]) => ({
    spec: { ephemeralContainers: names.map((name) => container(name, { targetContainerName: 'c' })) },
  })

  it('takes one more, counts it, and the kubelet runs it', async () => {
    const { metadata } = await running('debugged')
    const path = `${PODS}/debugged/ephemeralcontainers`
    const answer = await api.patch(path, { ...debug('d1'), metadata: { labels: { a: 'b' } } }, STRATEGIC_PATCH)
    expect(answer.status).toBe(200)
    expect(answer.body.kind).toBe('Pod')
    expect(answer.body.metadata.labels).toBeUndefined()
    expect(answer.body.metadata.generation).toBe(metadata.generation + 1)
    const owners = answer.body.metadata.managedFields.map(({ subresource = '' }: Json) => subresource)
    expect(owners.sort()).toEqual(['', 'ephemeralcontainers', 'status'])
    await api.patch(path, debug('d2'), STRATEGIC_PATCH)
    await cluster.settle()
    const { spec, status } = (await api.get(path)).body
    expect(spec.ephemeralContainers.map(({ name }: Json) => name)).toEqual(['d2', 'd1'])
    expect(status.ephemeralContainerStatuses.map(({ state }: Json) => Object.keys(state))).toEqual([['running'], ['running']])
    expect(status.observedGeneration).toBe(metadata.generation + 2)
  })

  it.each([
    ['removed', { spec: { ephemeralContainers: [] } }, 'existing ephemeral containers "d" may not be removed'],
    [
      'changed',
      { spec: { ephemeralContainers: [container('d', { image: 'x' })] } },
      'existing ephemeral containers "d" may not be changed',
    ],
  ])('takes none that is %s', async (what, patch, message) => {
    await running(`append-${what}`)
    const path = `${PODS}/append-${what}/ephemeralcontainers`
    await api.patch(path, debug('d'))
    const answer = await api.patch(path, patch)
    expect(answer.status).toBe(422)
    expect(answer.body.message).toContain(`spec.ephemeralContainers: Forbidden: ${message}`)
  })

  it('judges what it takes, and none for static pods', async () => {
    await running('judged')
    const answer = await api.patch(`${PODS}/judged/ephemeralcontainers`, {
      spec: { ephemeralContainers: [container('c', { ports: [{ containerPort: 1 }] })] },
    })
    expect(answer.body.details.causes.map(({ reason, field }: Json) => `${reason} ${field}`)).toEqual([
      'FieldValueDuplicate spec.ephemeralContainers[0].name',
      'FieldValueForbidden spec.ephemeralContainers[0].ports',
    ])
    expect((await api.patch(`${PODS}/none/ephemeralcontainers`, debug('d'))).status).toBe(404)
  })

  it('is the only way', async () => {
    await running('only')
    const answer = await api.patch(`${PODS}/only`, debug('d'))
    expect(answer.status).toBe(422)
    expect((await api.post(`${PODS}/only/ephemeralcontainers`, {})).status).toBe(405)
  })
})

describe('resize', () => {
  const resources = (cpu: string, memory?: string) => ({ spec: { containers: [{ name: 'c', resources: amounts(cpu, memory) }] } })

  it('changes what containers have, and the kubelet says so', async () => {
    const { metadata } = await running('grown', { containers: [container('c', { resources: amounts('100m') })] })
    const answer = await api.patch(`${PODS}/grown/resize`, { ...resources('200m'), metadata: { labels: { a: 'b' } } }, STRATEGIC_PATCH)
    expect([answer.status, answer.body.metadata.generation, answer.body.metadata.labels]).toEqual([200, metadata.generation + 1, undefined])
    await cluster.settle()
    const { spec, status } = (await api.get(`${PODS}/grown`)).body
    expect(spec.containers[0].resources).toEqual(amounts('200m'))
    const [{ resources: actual, allocatedResources, restartCount }] = status.containerStatuses
    expect([actual, allocatedResources, restartCount]).toEqual([amounts('200m'), amounts('200m').requests, 0])
    expect(status.observedGeneration).toBe(metadata.generation + 1)
  })

  it('restarts a container whose policy says so, for the resource it says so for', async () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
    await running('restarted', { containers: [container('c', { resources: amounts('100m'), resizePolicy })] })
    const restarts = async () => {
      await cluster.settle()
      return (await api.get(`${PODS}/restarted`)).body.status.containerStatuses[0].restartCount
    }
    await api.patch(`${PODS}/restarted/resize`, resources('200m'), STRATEGIC_PATCH)
    expect(await restarts()).toBe(0)
    await api.patch(`${PODS}/restarted/resize`, resources('200m', '128Mi'), STRATEGIC_PATCH)
    expect(await restarts()).toBe(1)
  })

  it('is refused when the node could never bear it', async () => {
    await running('huge', { containers: [container('c', { resources: amounts('100m') })] })
    const { status, body } = await api.patch(`${PODS}/huge/resize`, resources('9999'), STRATEGIC_PATCH)
    expect([status, body.message, body.details.causes]).toEqual([
      403,
      expect.stringMatching(
        /^pods "huge" is forbidden: node didn't have enough allocatable resources: cpu, requested: 9999000, allocatable: \d+$/,
      ),
      [{ reason: 'NodeCapacity' }],
    ])
  })

  it.each([
    [
      'another class of service',
      { requests: { cpu: '50m' } },
      'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
    ],
    [
      'fewer amounts',
      { limits: { cpu: '100m', memory: null } },
      'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    ],
    [
      'other resources',
      { requests: { 'ephemeral-storage': '1Gi' }, limits: { 'ephemeral-storage': '1Gi' } },
      'spec: Forbidden: only cpu and memory resources are mutable',
    ],
  ])('refuses %s', async (what, change, message) => {
    const name = what.replaceAll(' ', '-')
    await running(name, { containers: [container('c', { resources: amounts('100m') })] })
    const answer = await api.patch(`${PODS}/${name}/resize`, { spec: { containers: [{ name: 'c', resources: change }] } }, STRATEGIC_PATCH)
    expect(answer.status).toBe(422)
    expect(answer.body.message).toContain(message)
  })

  it('refuses other containers, and changes nothing else', async () => {
    await running('fixed', { containers: [container('c', { resources: amounts('100m') })] })
    const more = await api.patch(`${PODS}/fixed/resize`, { spec: { containers: [container('d')] } }, STRATEGIC_PATCH)
    expect(more.body.message).toContain('spec.containers: Forbidden: containers may not be added or removed on resize')
    const image = await api.patch(`${PODS}/fixed/resize`, { spec: { containers: [{ name: 'c', image: 'x' }] } }, STRATEGIC_PATCH)
    expect([image.status, image.body.spec.containers[0].image]).toEqual([200, 'i'])
    const main = await api.patch(`${PODS}/fixed`, resources('300m'), STRATEGIC_PATCH)
    expect(main.status).toBe(422)
  })
})

describe('binding', () => {
  const unscheduled = (name: string, spec: Json = {}) =>
    api.created(PODS, { metadata: { name }, spec: { schedulerName: 'nobody', containers: [container('c')], ...spec } })
  const bind = (name: string, body: Json) =>
    api.post(`${PODS}/${name}/binding`, { metadata: { name }, target: { name: 'node-1' }, ...body })

  it('puts a pod on a node, with labels and annotations, and forgets the nomination', async () => {
    await unscheduled('bound')
    await api.patch(`${PODS}/bound/status`, { status: { nominatedNodeName: 'node-2' } })
    const answer = await bind('bound', { metadata: { name: 'bound', labels: { zone: 'a' }, annotations: { why: 'x' } } })
    expect([answer.status, answer.body]).toEqual([201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }])
    const { metadata, spec, status } = (await api.get(`${PODS}/bound`)).body
    expect([metadata.labels, metadata.annotations, spec.nodeName, metadata.generation]).toEqual([{ zone: 'a' }, { why: 'x' }, 'node-1', 1])
    expect(status.nominatedNodeName).toBeUndefined()
    const again = await bind('bound', {})
    expect(again.body).toEqual({
      ...failure(409, 'Conflict', 'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "node-1"'),
      details: { name: 'bound', kind: 'pods/binding' },
    })
  })

  it.each([
    [{ target: { name: '' } }, 500, 'target.name: Required value'],
    [
      { target: { kind: 'Pod' } },
      500,
      '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
    ],
    [{ metadata: { name: 'other' } }, 400, 'name in URL does not match name in Binding object'],
    [{ metadata: { name: 'refused', uid: 'x' } }, 409, 'UID in precondition: x'],
    [{ metadata: { name: 'refused', resourceVersion: '1' } }, 409, 'ResourceVersion in precondition: 1'],
  ])('refuses %j', async (body, status, message) => {
    if ((await api.get(`${PODS}/refused`)).status === 404) await unscheduled('refused')
    const answer = await bind('refused', body)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toContain(message)
  })

  it('waits for scheduling gates, and works by the old path too', async () => {
    await unscheduled('gated', { schedulingGates: [{ name: 'g' }] })
    expect((await bind('gated', {})).body.message).toContain('pod gated has non-empty .spec.schedulingGates')
    await unscheduled('old-path')
    const body = { metadata: { name: 'old-path' }, target: { name: 'node-1' } }
    expect((await api.post('/api/v1/namespaces/default/bindings', body)).status).toBe(201)
  })
})

describe('scale', () => {
  const deployment = (name: string) => ({
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container('c')] } },
    },
  })

  it.each([
    ['apps/v1', 'deployments'],
    ['apps/v1', 'replicasets'],
    ['apps/v1', 'statefulsets'],
  ])('of %s %s', async (version, resource) => {
    const base = `/apis/${version}/namespaces/default/${resource}`
    const created = await api.created(base, deployment(`scaled-${resource}`))
    const path = `${base}/scaled-${resource}/scale`
    const scale = (await api.get(path)).body
    const { name, namespace, uid, creationTimestamp } = created.metadata
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, creationTimestamp },
      spec: {},
      status: { replicas: 0, selector: `app=${name}` },
    })
    const updated = await api.put(path, { ...scale, metadata: { name, namespace }, spec: { replicas: 2 } })
    expect([updated.status, updated.body.kind, updated.body.spec.replicas]).toEqual([200, 'Scale', 2])
    const object = (await api.get(`${base}/${name}`)).body
    expect([object.spec.replicas, object.metadata.generation]).toEqual([2, 2])
    const stale = await api.put(path, { ...scale, metadata: { name, namespace, resourceVersion: '1' }, spec: { replicas: 3 } })
    expect(stale.body.message).toContain('the object has been modified')
    const other = await api.put(path, { ...scale, metadata: { name, namespace, uid: 'x' }, spec: { replicas: 3 } })
    expect(other.body.message).toBe(
      `Operation cannot be fulfilled on ${resource}/scale.apps "${name}": Precondition failed: UID in precondition: x, UID in object meta: ${uid}`,
    )
    await api.delete(`${base}/${name}`)
  })

  it('of a replication controller', async () => {
    const base = '/api/v1/namespaces/default/replicationcontrollers'
    await api.created(base, { ...deployment('rc'), spec: { ...deployment('rc').spec, selector: { app: 'rc' } } })
    expect((await api.patch(`${base}/rc/scale`, { spec: { replicas: 1 } })).body.spec.replicas).toBe(1)
    await api.delete(`${base}/rc`)
  })

  it('has columns of its own', async () => {
    await api.created(DEPLOYMENTS, deployment('shown'))
    const { body } = await api.get(`${DEPLOYMENTS}/shown/scale`, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })
    expect(body.columnDefinitions.map(({ name }: Json) => name)).toEqual(['Name', 'Desired', 'Available', 'Age'])
    expect(body.rows[0].cells.slice(0, 3)).toEqual(['shown', 0, 0])
  })

  it('is judged', async () => {
    await api.created(DEPLOYMENTS, deployment('judged'))
    const path = `${DEPLOYMENTS}/judged/scale`
    expect((await api.patch(path, { spec: { replicas: -1 } })).body.message).toBe(
      'Scale.autoscaling "judged" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    )
    const label = { metadata: { labels: { a: 'no such value' } }, spec: { replicas: -2 } }
    expect((await api.patch(path, label)).body.details.causes.map(({ field }: Json) => field)).toEqual(['metadata.labels', 'spec.replicas'])
    expect((await api.put(path, { metadata: { name: 'other' }, spec: {} })).body.message).toBe(
      'the name of the object (other) does not match the name on the URL (judged)',
    )
    expect((await api.get(`${DEPLOYMENTS}/none/scale`)).body.message).toBe('deployments.apps "none" not found')
    expect((await api.post(path, {})).status).toBe(405)
    expect((await api.get('/apis/apps/v1/namespaces/default/daemonsets/x/scale')).status).toBe(404)
  })
})

describe('a namespace', () => {
  it('is finalized by PUT, and goes with its last finalizer', async () => {
    const path = '/api/v1/namespaces/final'
    const namespace = await api.created('/api/v1/namespaces', { metadata: { name: 'final' } })
    const wrong = await api.put(`${path}/finalize`, { ...namespace, spec: { finalizers: ['odd'] } })
    expect(wrong.body.message).toBe(
      'Namespace "final" is invalid: spec.finalizers[0]: Invalid value: "odd": name is neither a standard finalizer name nor is it fully qualified',
    )
    expect((await api.patch(`${path}/finalize`, {})).status).toBe(405)
    const next = { ...namespace, metadata: { ...namespace.metadata, labels: { ...namespace.metadata.labels, a: 'b' } } }
    const held = await api.put(`${path}/finalize`, {
      ...next,
      spec: { finalizers: ['kubernetes', 'example.com/mine'] },
      status: { phase: 'Terminating' },
    })
    expect([held.status, held.body.status.phase, held.body.metadata.labels.a]).toEqual([200, 'Active', 'b'])
    await api.delete(path)
    await cluster.settle()
    const going = (await api.get(path)).body
    expect([going.status.phase, going.spec.finalizers]).toEqual(['Terminating', ['example.com/mine']])
    await api.put(`${path}/finalize`, { ...going, spec: { finalizers: [] } })
    expect((await api.get(path)).status).toBe(404)
  })
})

describe('a certificate signing request', () => {
  const ask = (name: string, headers = {}) =>
    api.post(
      REQUESTS,
      {
        metadata: { name },
        spec: {
          request: certificateRequest(),
          signerName: 'example.com/signer',
          usages: ['client auth'],
          username: 'forged',
          groups: ['x'],
        },
      },
      headers,
    )
  const approved = (type = 'Approved', more: Json = {}) => ({
    status: { conditions: [{ type, status: 'True', reason: 'Because', ...more }] },
  })

  it('says who asked', async () => {
    const { body } = await ask('from-ann', { 'impersonate-user': 'ann', 'impersonate-group': 'devs', 'impersonate-extra-a': 'b' })
    expect(body.spec).toMatchObject({ username: 'ann', groups: ['devs', 'system:authenticated'], extra: { a: ['b'] } })
  })

  it('is approved through approval alone', async () => {
    await ask('approve')
    const path = `${REQUESTS}/approve`
    expect((await api.patch(`${path}/status`, approved())).body.message).toContain(
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    )
    const answer = await api.patch(`${path}/approval`, { ...approved(), spec: { signerName: 'other.com/x' } })
    const [condition] = answer.body.status.conditions
    expect(condition).toMatchObject({ type: 'Approved', status: 'True', reason: 'Because' })
    expect([condition.lastUpdateTime, condition.lastTransitionTime]).toEqual([expect.any(String), expect.any(String)])
    expect(answer.body.spec.signerName).toBe('example.com/signer')
    expect((await api.patch(`${path}/approval`, { status: { conditions: [] } })).body.message).toContain(
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    )
    const both = { status: { conditions: [...approved().status.conditions, ...approved('Denied').status.conditions] } }
    expect((await api.patch(`${path}/approval`, both)).body.message).toContain(
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    )
  })

  it.each([
    [approved('Approved', { status: 'False' }), 'status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    [{ status: { conditions: [{ type: '', status: '' }] } }, 'status.conditions[0].type: Required value'],
    [{ status: { certificate: Buffer.from('x').toString('base64') } }, undefined],
  ])('refuses the approval %#', async (patch, message) => {
    await ask('refuse')
    const answer = await api.patch(`${REQUESTS}/refuse/approval`, patch)
    if (message === undefined) expect([answer.status, answer.body.status.certificate]).toEqual([200, undefined])
    else expect(answer.body.message).toContain(message)
  })

  it('gets its certificate through status, once', async () => {
    await ask('signed')
    const certificate = (text: string) => ({ status: { certificate: Buffer.from(text).toString('base64') } })
    const path = `${REQUESTS}/signed/status`
    expect((await api.patch(path, certificate('x'))).body.message).toContain(
      'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
    )
    expect((await api.patch(path, certificate('-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n'))).body.message).toContain(
      'only CERTIFICATE PEM blocks are allowed, found "KEY"',
    )
    const failed = await api.patch(path, { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'No' }] } })
    expect(failed.body.status.conditions[0]).toMatchObject({ type: 'Failed', lastUpdateTime: expect.any(String) })
  })
})
