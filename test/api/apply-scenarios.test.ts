/** Stories of several writers of one object. Upstream: test/integration/apiserver/apply. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JSON_PATCH, type Json, MERGE_PATCH, STRATEGIC_PATCH } from '../support/api.ts'
import { type BareServer, createBareServer } from '../support/bare-server.ts'

const APPLY = 'application/apply-patch+yaml'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const APPS = '/apis/apps/v1/namespaces/default'

let server: BareServer
beforeAll(async () => {
  server = await createBareServer()
})
afterAll(() => server.close())

let count = 0
const newName = () => `scenario-${++count}`
const configMap = (name: string, data?: Json, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...(data === undefined ? {} : { data }),
})

const container = (more: Json = {}): Json => ({ name: 'c', image: 'image:1', ...more })
/** @param spec of the workload; its template's containers when that is all it says */
function workload(kind: string, name: string, containers: Json[], spec: Json = {}): Json {
  const template = { metadata: { labels: { app: name } }, spec: { containers } }
  const selector = kind === 'ReplicationController' ? { app: name } : { matchLabels: { app: name } }
  const apiVersion = kind === 'ReplicationController' ? 'v1' : 'apps/v1'
  return { apiVersion, kind, metadata: { name }, spec: { selector, template, ...spec } }
}

/** Writes as one manager after the other. */
class Story {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  async apply(manager: string, body: Json, { query = '', sub = '' } = {}): Promise<Json> {
    return (await server.api.patch(`${this.path}${sub}?fieldManager=${manager}${query}`, body, APPLY)).body
  }

  async patch(manager: string, body: Json, { type = MERGE_PATCH, sub = '' } = {}): Promise<Json> {
    return (await server.api.patch(`${this.path}${sub}?fieldManager=${manager}`, body, type)).body
  }

  async put(manager: string, body: Json, sub = ''): Promise<Json> {
    return (await server.api.put(`${this.path}${sub}?fieldManager=${manager}`, body)).body
  }

  async get(): Promise<Json> {
    return (await server.api.get(this.path)).body
  }

  async revision(): Promise<string> {
    return (await this.get()).metadata.resourceVersion
  }

  /** `Apply one`, `Update two/status`: all who own the field. */
  async ownersOf(...path: string[]): Promise<string[]> {
    const { managedFields = [] } = (await this.get()).metadata
    const owners = managedFields.filter(({ fieldsV1 }: Json) => path.reduce((node, step) => node?.[step], fieldsV1) !== undefined)
    return owners.map(({ manager, operation, subresource }: Json) => `${operation} ${manager}${subresource ? `/${subresource}` : ''}`)
  }
}

const newConfigMap = () => {
  const name = newName()
  return { name, story: new Story(`${CONFIG_MAPS}/${name}`) }
}
const newWorkload = (resource = 'deployments') => {
  const name = newName()
  const root = resource === 'replicationcontrollers' ? '/api/v1/namespaces/default' : APPS
  return { name, story: new Story(`${root}/${resource}/${name}`) }
}

describe('an apply that says nothing new', () => {
  it.each<[string, (name: string) => Json, string]>([
    ['with an empty map', (name) => workload('Deployment', name, [container()], { strategy: {} }), 'deployments'],
    [
      'with an empty struct that differs from none',
      (name) => {
        const made = workload('Deployment', name, [container()])
        Object.assign(made.spec.template.spec, { volumes: [{ name: 'v', emptyDir: {} }], securityContext: {} })
        return made
      },
      'deployments',
    ],
    [
      'with quantities in another form than they are kept in',
      (name) =>
        workload('StatefulSet', name, [container({ resources: { limits: { memory: '2048Mi', cpu: '0.5' } } })], {
          serviceName: 'web',
          volumeClaimTemplates: [
            { metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } } },
          ],
        }),
      'statefulsets',
    ],
    ['with nulls', (name) => workload('Deployment', name, [container({ env: null, command: null })]), 'deployments'],
  ])('%s writes nothing, be it an apply or a PUT', async (_name, make, resource) => {
    const { name, story } = newWorkload(resource)
    expect((await story.apply('one', make(name))).kind).not.toBe('Status')
    const revision = await story.revision()
    await server.clock.advance(1500, async () => {})
    expect((await story.apply('one', make(name))).metadata.resourceVersion).toBe(revision)
    expect((await story.put('two', make(name))).metadata.resourceVersion).toBe(revision)
    expect(await story.revision()).toBe(revision)
  })
})

describe('managedFields', () => {
  it.each<[string, (story: Story, object: Json) => Promise<Json>]>([
    ['a merge patch', (story) => story.patch('cleaner', { metadata: { managedFields: [{}] } })],
    ['a merge patch to an empty list', (story) => story.patch('cleaner', { metadata: { managedFields: [] } })],
    ['a strategic merge patch', (story) => story.patch('cleaner', { metadata: { managedFields: [{}] } }, { type: STRATEGIC_PATCH })],
    [
      'a JSON patch',
      (story) => story.patch('cleaner', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }], { type: JSON_PATCH }),
    ],
    ['a PUT', (story, object) => story.put('cleaner', { ...object, metadata: { ...object.metadata, managedFields: [{}] } })],
    ['a PUT of an empty list', (story, object) => story.put('cleaner', { ...object, metadata: { ...object.metadata, managedFields: [] } })],
  ])('are emptied by %s', async (_name, clear) => {
    const { name, story } = newConfigMap()
    const object = await story.apply('one', configMap(name, { a: '1' }))
    expect(object.metadata.managedFields).toHaveLength(1)
    const cleared = await clear(story, object)
    expect([cleared.kind, cleared.metadata.managedFields]).toEqual(['ConfigMap', undefined])
    // The next apply shares what is there with whoever was before it.
    await story.apply('one', configMap(name, { b: '2' }))
    expect(await story.ownersOf('f:data', 'f:a')).toEqual(['Update before-first-apply'])
    expect(await story.ownersOf('f:data', 'f:b')).toEqual(['Apply one'])
  })

  it('that make no sense harm neither a create, an update nor a patch of other things', async () => {
    const { name, story } = newConfigMap()
    const nonsense = [{ manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'k:{"a"}': {} } }]
    const created = await server.api.post(`${CONFIG_MAPS}?fieldManager=creator`, configMap(name, { a: '1' }, { managedFields: nonsense }))
    expect([created.status, created.text]).toEqual([201, expect.any(String)])
    const object = await story.get()
    expect(object.metadata.managedFields.map(({ manager }: Json) => manager)).toEqual(['creator'])
    const put = await story.put('putter', { ...object, data: { a: '2' }, metadata: { ...object.metadata, managedFields: nonsense } })
    expect(put.metadata.managedFields.map(({ manager }: Json) => manager)).toEqual(['creator', 'putter'])
    const patched = await story.patch('patcher', { metadata: { managedFields: nonsense, labels: { x: 'y' } } })
    expect(patched.metadata.managedFields.map(({ manager }: Json) => manager)).toEqual(['creator', 'patcher', 'putter'])
  })
  it('cannot be given to an apply', async () => {
    const { name, story } = newConfigMap()
    const { message, code } = await story.apply('one', configMap(name, {}, { managedFields: [{ manager: 'x' }] }))
    expect([code, message]).toEqual([400, 'metadata.managedFields must be nil'])
  })

  it('are not changed by what comes through a subresource', async () => {
    const { name, story } = newWorkload()
    await story.apply('one', workload('Deployment', name, [container()]))
    const { metadata, ...rest } = await story.get()
    const put = await story.put('two', { ...rest, metadata: { ...metadata, managedFields: [{}] }, status: { replicas: 1 } }, '/status')
    expect(put.metadata.managedFields.map(({ manager }: Json) => manager).sort()).toEqual(['one', 'two'])
  })

  it('become one entry when two appliers are given one name, and when two updaters are', async () => {
    const { name, story } = newConfigMap()
    await story.apply('one', configMap(name, { a: '1' }))
    await story.apply('two', configMap(name, { b: '2' }))
    const renamed = (object: Json): Json => ({
      ...object,
      metadata: { ...object.metadata, managedFields: object.metadata.managedFields.map((entry: Json) => ({ ...entry, manager: 'all' })) },
    })
    const put = await story.put('putter', renamed(await story.get()))
    expect(put.metadata.managedFields).toHaveLength(1)
    expect(put.metadata.managedFields[0].fieldsV1).toEqual({ 'f:data': { 'f:b': {} } })
    // It has forgotten what the lost entry said, so that this is an addition.
    await story.apply('all', configMap(name, { a: '1', b: '2' }))
    expect(await story.ownersOf('f:data', 'f:a')).toEqual(['Apply all'])
  })

  it('name the subresource of each writer', async () => {
    const { name, story } = newWorkload()
    await story.apply('one', workload('Deployment', name, [container()]))
    const status = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, status: { observedGeneration: 7 } }
    await story.apply('one', status, { sub: '/status' })
    await story.patch('two', { status: { replicas: 3 } }, { sub: '/status' })
    expect(await story.ownersOf('f:status', 'f:observedGeneration')).toEqual(['Apply one/status'])
    expect(await story.ownersOf('f:status', 'f:replicas')).toEqual(['Update two/status'])
    expect(await story.ownersOf('f:spec')).toEqual(['Apply one'])
    // What status takes no notice of has no owner there, and the other way round.
    await story.apply('one', { ...status, spec: { replicas: 9 } }, { sub: '/status' })
    await story.apply('one', { ...workload('Deployment', name, [container()]), status: { replicas: 9 } })
    expect(await story.ownersOf('f:spec', 'f:replicas')).toEqual([])
    expect(await story.ownersOf('f:status', 'f:replicas')).toEqual(['Update two/status'])
  })

  it('keep the time of a manager whose fields another takes', async () => {
    const { name, story } = newConfigMap()
    await story.apply('one', configMap(name, { a: '1', b: '1' }))
    const before = (await story.get()).metadata.managedFields[0].time
    await server.clock.advance(60_000, async () => {})
    await story.apply('two', configMap(name, { a: '2' }), { query: '&force=true' })
    await story.patch('three', { data: { c: '3' } })
    const times = Object.fromEntries((await story.get()).metadata.managedFields.map(({ manager, time }: Json) => [manager, time]))
    expect(times.one).toBe(before)
    expect(times.two > before).toBe(true)
    expect(times.three).toBe(times.two)
  })
})

describe('fields that an applier says no more', () => {
  it('go when they were its own alone, but not when an updater or another applier has them too', async () => {
    const { name, story } = newConfigMap()
    await story.apply('one', configMap(name, { own: '1', shared: '1', updated: '1' }))
    await story.apply('two', configMap(name, { shared: '1' }))
    await story.patch('three', { data: { updated: '2' } })
    const { data } = await story.apply('one', configMap(name))
    expect(data).toEqual({ shared: '1', updated: '2' })
    expect(await story.ownersOf('f:data', 'f:shared')).toEqual(['Apply two'])
  })

  it('go with the applier itself from managedFields', async () => {
    const { name, story } = newConfigMap()
    await story.apply('one', configMap(name, { a: '1' }))
    await story.apply('one', configMap(name))
    expect((await story.get()).metadata.managedFields).toBeUndefined()
    expect((await story.get()).data).toBeUndefined()
  })

  it('stay with the controller that was given them', async () => {
    const { name, story } = newWorkload()
    await story.apply('one', workload('Deployment', name, [container()], { replicas: 3 }))
    // Who sets what is there already becomes no owner by an update, but by an apply.
    await story.patch('updater', { spec: { replicas: 3 } })
    await story.apply('controller', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 3 } })
    expect(await story.ownersOf('f:spec', 'f:replicas')).toEqual(['Apply controller', 'Apply one'])
    const { spec } = await story.apply('one', workload('Deployment', name, [container()]))
    expect(spec.replicas).toBe(3)
    expect(await story.ownersOf('f:spec', 'f:replicas')).toEqual(['Apply controller'])
  })

  it('take an item of a list with them that a controller added something to', async () => {
    const { name, story } = newWorkload()
    const extra = { name: 'extra', image: 'extra:1' }
    await story.apply('one', workload('Deployment', name, [container(), extra]))
    await story.patch('controller', { spec: { template: { spec: { containers: [{ ...extra, tty: true }] } } } }, { type: STRATEGIC_PATCH })
    const { spec } = await story.apply('one', workload('Deployment', name, [container()]))
    expect(spec.template.spec.containers.map((each: Json) => each.name)).toEqual(['c'])
  })

  it('are told by keys that are defaults', async () => {
    const { name, story } = newWorkload()
    const ports = (...list: Json[]) => workload('Deployment', name, [container({ ports: list })])
    await story.apply('one', ports({ containerPort: 80, name: 'web' }, { containerPort: 80, protocol: 'UDP', name: 'dns' }))
    const { details } = await story.apply('two', ports({ containerPort: 80, protocol: 'TCP', name: 'other' }))
    expect(details.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "one"',
        field: '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].name',
      },
    ])
    const { spec } = await story.apply('one', ports({ containerPort: 80, protocol: 'UDP', name: 'dns' }))
    expect(spec.template.spec.containers[0].ports).toEqual([{ containerPort: 80, name: 'dns', protocol: 'UDP' }])
  })
})

describe('items that a list has twice', () => {
  it('are owned together, are left alone, and are replaced by one that is applied', async () => {
    const { name, story } = newWorkload('daemonsets')
    const twice = (path: string, port: string): Json =>
      container({
        ports: [
          { name: 'a', containerPort: 1 },
          { name: port, containerPort: 80 },
          { name: `${port}2`, containerPort: 80 },
        ],
        env: [
          { name: 'ENV', value: '1' },
          { name: 'PATH', value: '/bin' },
          { name: 'PATH', value: path },
        ],
      })
    const created = await server.api.post(`${APPS}/daemonsets?fieldManager=creator`, workload('DaemonSet', name, [twice('/usr', 'p')]))
    expect(created.status, created.text).toBe(201)
    const place = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"c"}']
    expect(await story.ownersOf(...place, 'f:env', 'k:{"name":"PATH"}')).toEqual(['Update creator'])
    const env = async () => (await story.get()).spec.template.spec.containers[0].env.map((each: Json) => each.name)
    const ports = async () => (await story.get()).spec.template.spec.containers[0].ports.map((each: Json) => each.containerPort)

    const added = container({ env: [{ name: 'HOME', value: '/home' }], ports: [{ name: 'tls', containerPort: 443 }] })
    expect((await story.apply('applier', workload('DaemonSet', name, [added]))).kind).toBe('DaemonSet')
    expect([await env(), await ports()]).toEqual([
      ['ENV', 'PATH', 'PATH', 'HOME'],
      [1, 80, 80, 443],
    ])
    const next = twice('/usr/local', 'q')
    next.env.push({ name: 'HOME', value: '/home' })
    next.ports.push({ name: 'tls', containerPort: 443 })
    await story.put('updater', workload('DaemonSet', name, [next]))
    expect(await story.ownersOf(...place, 'f:env', 'k:{"name":"PATH"}')).toEqual(['Update updater'])
    expect(await story.ownersOf(...place, 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}')).toEqual(['Update updater'])

    const replaced = container({ env: [{ name: 'PATH', value: '/bin' }], ports: [{ name: 'r', containerPort: 80 }] })
    const conflict = await story.apply('applier', workload('DaemonSet', name, [replaced]))
    expect(conflict.details.causes.map(({ field }: Json) => field)).toEqual([
      '.spec.template.spec.containers[name="c"].env[name="PATH"]',
      '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
    ])
    const forced = await story.apply('applier', workload('DaemonSet', name, [replaced]), { query: '&force=true' })
    expect(forced.kind).toBe('DaemonSet')
    expect([await env(), await ports()]).toEqual([
      ['ENV', 'PATH'],
      [1, 80],
    ])
    const doubled = container({ env: [replaced.env[0], replaced.env[0]] })
    const { code, message } = await story.apply('applier', workload('DaemonSet', name, [doubled]))
    expect([code, message]).toEqual([500, expect.stringContaining('duplicate entries for key [name="PATH"]')])
  })
})

describe.each(['deployments', 'statefulsets', 'replicasets', 'replicationcontrollers'])('the scale of %s', (resource) => {
  const KINDS: Readonly<Record<string, string>> = {
    deployments: 'Deployment',
    statefulsets: 'StatefulSet',
    replicasets: 'ReplicaSet',
    replicationcontrollers: 'ReplicationController',
  }

  it('passes the replicas from hand to hand', async () => {
    const { name, story } = newWorkload(resource)
    const object = workload(KINDS[resource]!, name, [container()], { replicas: 1 })
    const scale = (replicas: number): Json => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas } })
    const owners = async () => [(await story.get()).spec.replicas, ...(await story.ownersOf('f:spec', 'f:replicas'))]

    await story.apply('one', object)
    expect(await owners()).toEqual([1, 'Apply one'])
    await story.patch('two', { status: { replicas: 42 } }, { sub: '/scale' })
    expect(await owners()).toEqual([1, 'Apply one'])
    await story.patch('two', { spec: { replicas: 5 } }, { sub: '/scale' })
    expect(await owners()).toEqual([5, 'Update two/scale'])
    expect((await story.apply('one', object)).message).toBe(
      `Apply failed with 1 conflict: conflict with "two" with subresource "scale" using ${object.apiVersion}: .spec.replicas`,
    )
    await story.apply('one', object, { query: '&force=true' })
    expect(await owners()).toEqual([1, 'Apply one'])
    expect((await story.apply('three', scale(17), { sub: '/scale' })).message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    )
    await story.apply('three', scale(17), { sub: '/scale', query: '&force=true' })
    expect(await owners()).toEqual([17, 'Apply three/scale'])
    await story.put('four', scale(7), '/scale')
    expect(await owners()).toEqual([7, 'Update four/scale'])
    await story.apply('five', scale(7), { sub: '/scale' })
    expect((await owners()).sort()).toEqual([7, 'Apply five/scale', 'Update four/scale'])
    await story.patch('two', { spec: { replicas: 5 } }, { sub: '/scale' })
    expect(await owners()).toEqual([5, 'Update two/scale'])
  })
})

describe('client-side apply', () => {
  it('hands over to kubectl what it said last, and nothing that was changed since', async () => {
    const { name, story } = newWorkload()
    const LAST = 'kubectl.kubernetes.io/last-applied-configuration'
    const said = workload('Deployment', name, [container()], { replicas: 3 })
    const object = { ...said, metadata: { name, annotations: { [LAST]: JSON.stringify(said) } } }
    await server.api.post(`${APPS}/deployments?fieldManager=kubectl-client-side-apply`, {
      ...object,
      spec: { ...object.spec, replicas: 100 },
    })
    const next = workload('Deployment', name, [container({ image: 'image:2' })])
    expect((await story.apply('kubectl', { ...next, spec: { ...next.spec, replicas: 3 } })).message).toContain('.spec.replicas')
    expect((await story.apply('other', next)).message).toContain('.spec.template.spec.containers[name="c"].image')
    const applied = await story.apply('kubectl', next)
    expect([applied.spec.replicas, applied.spec.template.spec.containers[0].image]).toEqual([100, 'image:2'])
    expect(JSON.parse(applied.metadata.annotations[LAST]).spec.template.spec.containers[0].image).toBe('image:2')
  })
})

describe('an apply that would create', () => {
  it('may not bring a uid', async () => {
    const { name, story } = newConfigMap()
    const { code, message } = await story.apply('one', configMap(name, {}, { uid: 'u' }))
    expect([code, message]).toEqual([
      409,
      `Operation cannot be fulfilled on configmaps "${name}": uid mismatch: the provided object specified uid u, and no existing object was found`,
    ])
  })

  it('must say who applies, and a version that is that of its URL', async () => {
    const { name, story } = newConfigMap()
    const anonymous = await server.api.patch(story.path, configMap(name), APPLY)
    expect(anonymous.body.message).toBe('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch')
    const { message, code } = await story.apply('one', { ...configMap(name), apiVersion: 'apps/v1' })
    expect([code, message]).toEqual([400, 'invalid object type: apps/v1, Kind=ConfigMap'])
  })

  it('is too large at three megabytes', async () => {
    const { name } = newConfigMap()
    const large = JSON.stringify(configMap(name, { a: 'x'.repeat(3 << 20) }))
    for (const send of [
      () => server.api.post(CONFIG_MAPS, large),
      () => server.api.put(`${CONFIG_MAPS}/${name}`, large),
      () => server.api.patch(`${CONFIG_MAPS}/${name}?fieldManager=one`, large, APPLY),
      () => server.api.patch(`${CONFIG_MAPS}/${name}`, large, MERGE_PATCH),
    ]) {
      const { status, body } = await send()
      expect([status, body.reason, body.message]).toEqual([413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728'])
    }
  })
})
