import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { type Answer, Api, failure, JSON_PATCH, type Json, MERGE_PATCH } from '../support/api.ts'

const APPLY = 'application/apply-patch+yaml'
const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const map = (name: string, data?: Json, metadata: Json = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...(data === undefined ? {} : { data }),
})
const apply = (manager: string, configuration: Json, query = ''): Promise<Answer> =>
  api.patch(`${MAPS}/${configuration.metadata.name}?fieldManager=${manager}${query}`, configuration, APPLY)

/** `manager/operation[/subresource]: fields` of each entry. */
const owners = (object: Json): string[] =>
  (object.metadata.managedFields ?? []).map(
    ({ manager, operation, subresource, fieldsV1 }: Json) =>
      `${manager}/${operation}${subresource ? `/${subresource}` : ''}: ${JSON.stringify(fieldsV1).replaceAll('{}', '').replaceAll('"', '')}`,
  )

const deployment = (name: string, spec: Json = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    paused: true,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    ...spec,
  },
})
const applyDeployment = (manager: string, configuration: Json, path = '', query = '') =>
  api.patch(`${DEPLOYMENTS}/${configuration.metadata.name}${path}?fieldManager=${manager}${query}`, configuration, APPLY)

describe('managedFields', () => {
  it('say who wrote what: the fieldManager, else what the User-Agent calls itself, else unknown', async () => {
    const create = async (name: string, query: string, agent: string) =>
      owners((await api.post(`${MAPS}${query}`, map(name, { a: '1' }), { 'user-agent': agent })).body)
    expect(await create('who-1', '?fieldManager=me', 'kubectl/v1')).toEqual(['me/Update: {f:data:{.:,f:a:}}'])
    expect(await create('who-2', '', 'kubectl/v1.36 (linux)')).toEqual(['kubectl/Update: {f:data:{.:,f:a:}}'])
    expect(await create('who-3', '', '/x')).toEqual(['unknown/Update: {f:data:{.:,f:a:}}'])
    expect(await create('who-4', '', `${'a'.repeat(200)}/1`)).toEqual([`${'a'.repeat(128)}/Update: {f:data:{.:,f:a:}}`])
  })

  it('pass from one manager to another with what each changes, and say when', async () => {
    const path = `${MAPS}/shared`
    const created = await api.created(`${MAPS}?fieldManager=one`, map('shared', { a: '1', b: '1' }))
    const time = created.metadata.managedFields[0].time
    expect(time).toBe(created.metadata.creationTimestamp)
    await cluster.advance(5000)
    const { body } = await api.patch(`${path}?fieldManager=two`, { data: { b: '2' } }, MERGE_PATCH)
    expect(owners(body)).toEqual(['one/Update: {f:data:{.:,f:a:}}', 'two/Update: {f:data:{f:b:}}'])
    expect(body.metadata.managedFields[0].time).toBe(time)
    expect(body.metadata.managedFields[1].time).not.toBe(time)
    const removed = await api.patch(`${path}?fieldManager=three`, [{ op: 'remove', path: '/data/a' }], JSON_PATCH)
    expect(owners(removed.body)).toEqual(['one/Update: {f:data:}', 'two/Update: {f:data:{f:b:}}'])
  })

  it('and their times stay when a write changes nothing', async () => {
    const path = `${MAPS}/same`
    const created = await api.created(`${MAPS}?fieldManager=one`, map('same', { a: '1' }))
    await cluster.advance(5000)
    expect((await api.put(`${path}?fieldManager=two`, map('same', { a: '1' }))).body).toEqual(created)
    expect((await api.patch(`${path}?fieldManager=one`, { data: { a: '1' } })).body).toEqual(created)
  })

  it('are kept when a client leaves them out, forgotten when it empties them, and then not kept until an apply', async () => {
    const path = `${MAPS}/reset`
    await api.created(`${MAPS}?fieldManager=one`, map('reset', { a: '1' }))
    const put = await api.put(`${path}?fieldManager=two`, map('reset', { a: '1', b: '2' }))
    expect(owners(put.body)).toEqual(['one/Update: {f:data:{.:,f:a:}}', 'two/Update: {f:data:{f:b:}}'])
    for (const managedFields of [[], [{}]]) {
      const reset = await api.put(`${path}?fieldManager=two`, map('reset', { a: '1', b: '3' }, { managedFields }))
      expect(owners(reset.body)).toEqual([])
    }
    expect(owners((await api.patch(`${path}?fieldManager=two`, { data: { c: '1' } })).body)).toEqual([])
    const { body } = await apply('three', map('reset', { a: '1', d: '1' }))
    expect(owners(body)).toEqual(['three/Apply: {f:data:{f:a:,f:d:}}', 'before-first-apply/Update: {f:data:{.:,f:a:,f:b:,f:c:}}'])
  })

  it('are believed when a client sends sensible ones, and left as they are when it sends others', async () => {
    const path = `${MAPS}/believed`
    const entry = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } }
    await api.created(`${MAPS}?fieldManager=one`, map('believed', { a: '1' }))
    const put = (given: Json) => api.put(`${path}?fieldManager=one`, map('believed', { a: '1' }, { managedFields: [given] }))
    expect(owners((await put(entry)).body)).toEqual(['x/Update: {f:data:{f:a:}}'])
    expect(owners((await put({ ...entry, manager: 'y', fieldsV1: { nonsense: {} } })).body)).toEqual(['x/Update: {f:data:{f:a:}}'])
  })

  it('tell status from the rest, and leave out what each endpoint ignores', async () => {
    const path = `${DEPLOYMENTS}/halves`
    const created = await api.created(`${DEPLOYMENTS}?fieldManager=one`, { ...deployment('halves'), status: { replicas: 7 } })
    expect(JSON.stringify(created.metadata.managedFields)).not.toContain('f:status')
    const change = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { replicas: 9 }, status: { observedGeneration: 5 } }
    const { body } = await api.patch(`${path}/status?fieldManager=two`, change)
    expect(owners(body)).toContain('two/Update/status: {f:metadata:{f:annotations:{.:,f:c:}},f:status:{f:observedGeneration:}}')
  })

  it('name no more than ten updaters', async () => {
    await api.created(`${MAPS}?fieldManager=m00`, map('many', { k0: '0' }))
    for (let i = 1; i <= 12; i++) {
      await cluster.advance(1000)
      await api.patch(`${MAPS}/many?fieldManager=m${String(i).padStart(2, '0')}`, { data: { [`k${i}`]: '1' } })
    }
    const { body } = await api.get(`${MAPS}/many`)
    expect(body.metadata.managedFields.map(({ manager }: Json) => manager)).toEqual([
      'ancient-changes',
      'm04',
      'm05',
      'm06',
      'm07',
      'm08',
      'm09',
      'm10',
      'm11',
      'm12',
    ])
    expect(owners(body)[0]).toBe('ancient-changes/Update: {f:data:{.:,f:k0:,f:k1:,f:k2:,f:k3:}}')
  })

  it('of what controllers write name the component', async () => {
    const { body } = await api.get('/api/v1/namespaces/default/serviceaccounts/default')
    expect(body).not.toHaveProperty('metadata.managedFields')
    const { body: root } = await api.get(`${MAPS}/kube-root-ca.crt`)
    expect(root.metadata.managedFields[0]).toMatchObject({ manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'v1' })
  })
})

describe('apply', () => {
  it('creates what is not there, and the second time changes nothing', async () => {
    const first = await apply('me', map('born', { a: '1' }, { labels: { x: 'y' } }))
    expect(first.status).toBe(201)
    expect(owners(first.body)).toEqual(['me/Apply: {f:data:{f:a:},f:metadata:{f:labels:{f:x:}}}'])
    await cluster.advance(5000)
    const second = await apply('me', map('born', { a: '1' }, { labels: { x: 'y' } }))
    expect(second.status).toBe(200)
    expect(second.body).toEqual(first.body)
  })

  it('takes YAML', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n'
    expect((await api.patch(`${MAPS}/yaml?fieldManager=me`, yaml, APPLY)).body).toMatchObject({ data: { a: '1' } })
  })

  it('removes what the applier says no more, unless someone else owns it', async () => {
    await apply('one', map('shrink', { a: '1', b: '1', c: '1' }))
    await apply('two', map('shrink', { b: '1' }))
    const { body } = await apply('one', map('shrink', { a: '1' }))
    expect(body.data).toEqual({ a: '1', b: '1' })
    // An apply that changed nothing has no time, and so comes first.
    expect(owners(body)).toEqual(['two/Apply: {f:data:{f:b:}}', 'one/Apply: {f:data:{f:a:}}'])
    expect((await apply('two', map('shrink'))).body.data).toEqual({ a: '1' })
  })

  it('merges lists by their keys and removes items that nobody owns', async () => {
    const containers = (...items: Json[]) => ({ template: { metadata: { labels: { app: 'lists' } }, spec: { containers: items } } })
    const web = { name: 'web', image: 'web:1' }
    await applyDeployment('one', deployment('lists', containers(web, { name: 'old', image: 'old:1' })))
    await applyDeployment(
      'two',
      deployment('lists', containers({ ...web, env: [{ name: 'A', value: '1' }] }, { name: 'side', image: 'side:1' })),
    )
    const { body } = await applyDeployment('one', deployment('lists', containers(web)))
    const found = body.spec.template.spec.containers
    expect(found.map(({ name }: Json) => name)).toEqual(['web', 'side'])
    expect(found[0].env).toEqual([{ name: 'A', value: '1' }])
  })

  it('refuses to change what others own, names it, and takes it when forced', async () => {
    await api.created(`${DEPLOYMENTS}?fieldManager=kubectl-client-side-apply`, deployment('conflict', { replicas: 1 }))
    const one = await applyDeployment('me', deployment('conflict', { replicas: 2 }))
    const who = 'conflict with "kubectl-client-side-apply" using apps/v1'
    expect(one.status).toBe(409)
    expect(one.body).toEqual({
      ...failure(409, 'Conflict', `Apply failed with 1 conflict: ${who}: .spec.replicas`),
      details: { causes: [{ reason: 'FieldManagerConflict', message: who, field: '.spec.replicas' }] },
    })
    const template = { metadata: { labels: { app: 'conflict' } }, spec: { containers: [{ name: 'web', image: 'web:2' }] } }
    await api.patch(`${DEPLOYMENTS}/conflict/scale?fieldManager=hpa`, { spec: { replicas: 4 } })
    const two = await applyDeployment('me', deployment('conflict', { replicas: 2, template }))
    expect(two.body.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "hpa" with subresource "scale" using apps/v1:\n- .spec.replicas\n' +
        'conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.template.spec.containers[name="web"].image',
    )
    const forced = await applyDeployment('me', deployment('conflict', { replicas: 2, template }), '', '&force=true')
    expect(forced.body.spec.replicas).toBe(2)
    expect(owners(forced.body).find((entry) => entry.startsWith('hpa'))).toBeUndefined()
  })

  it('changes nothing in a dry run', async () => {
    expect((await apply('me', map('dry', { a: '1' }), '&dryRun=All')).status).toBe(201)
    expect((await api.get(`${MAPS}/dry`)).status).toBe(404)
  })

  it('to status and to scale', async () => {
    await applyDeployment('one', deployment('parts', { replicas: 1 }))
    const status = { ...deployment('parts'), status: { observedGeneration: 1 } }
    const { body } = await applyDeployment('two', status, '/status')
    expect(owners(body)).toContain('two/Apply/status: {f:status:{f:observedGeneration:}}')
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'parts' }, spec: { replicas: 3 } }
    expect((await applyDeployment('two', scale, '/scale')).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    )
    const scaled = await applyDeployment('two', scale, '/scale', '&force=true')
    expect(scaled.body).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } })
    expect(scaled.body.metadata).not.toHaveProperty('managedFields')
    const { body: parent } = await api.get(`${DEPLOYMENTS}/parts`)
    expect(owners(parent)).toContain('two/Apply/scale: {f:spec:{f:replicas:}}')
    expect((await applyDeployment('two', { ...status, metadata: { name: 'none' } }, '/status')).status).toBe(404)
  })

  it('takes over from client-side apply for kubectl, and keeps its annotation in step', async () => {
    const last = 'kubectl.kubernetes.io/last-applied-configuration'
    const before = map('upgrade', { a: '1', b: '1' })
    await api.created(`${MAPS}?fieldManager=kubectl-client-side-apply`, {
      ...before,
      metadata: { name: 'upgrade', annotations: { [last]: JSON.stringify(before) } },
    })
    expect((await apply('other', map('upgrade', { a: '2' }))).status).toBe(409)
    await api.patch(`${MAPS}/upgrade?fieldManager=edit`, { data: { b: '5' } })
    const refused = await apply('kubectl', map('upgrade', { a: '2', b: '2' }))
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "edit" using v1: .data.b')
    const { body } = await apply('kubectl', map('upgrade', { a: '2' }))
    expect(body.data).toEqual({ a: '2', b: '5' })
    expect(body.metadata.annotations[last]).toBe('{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"upgrade"}}\n')
  })

  it('keeps one owner for both versions of a kind', async () => {
    const path = '/namespaces/default/horizontalpodautoscalers/two-versions?fieldManager='
    const hpa = (version: string, spec: Json) => ({
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'two-versions' },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }, ...spec },
    })
    await api.patch(`/apis/autoscaling/v1${path}one`, hpa('v1', { maxReplicas: 3, minReplicas: 2 }), APPLY)
    const refused = await api.patch(`/apis/autoscaling/v2${path}two`, hpa('v2', { maxReplicas: 5 }), APPLY)
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.maxReplicas')
    await api.patch(`/apis/autoscaling/v2${path}two`, hpa('v2', { maxReplicas: 3, minReplicas: 2 }), APPLY)
    const { body } = await api.patch(`/apis/autoscaling/v1${path}one`, hpa('v1', { maxReplicas: 3 }), APPLY)
    expect(body.spec.minReplicas).toBe(2)
    expect(body.metadata.managedFields.map(({ manager, apiVersion }: Json) => `${manager} ${apiVersion}`)).toEqual([
      'two autoscaling/v2',
      'one autoscaling/v1',
    ])
  })
})

describe('an apply is refused', () => {
  const cases: [string, () => Promise<Answer>, number, string][] = [
    [
      'without a manager',
      () => api.patch(`${MAPS}/bad`, map('bad'), APPLY),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'with too long a manager',
      () => apply('a'.repeat(129), map('bad')),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    ],
    [
      'with an unprintable manager',
      () => apply('a%09', map('bad')),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\t": invalid character U+0009 (at position 1)',
    ],
    ['of another kind', () => apply('me', { ...map('bad'), kind: 'Secret' }), 400, 'invalid object type: /v1, Kind=Secret'],
    [
      'of another version',
      () => applyDeployment('me', { ...deployment('bad'), apiVersion: 'apps/v2' }),
      400,
      'invalid object type: apps/v2, Kind=Deployment',
    ],
    ['with managedFields', () => apply('me', map('bad', {}, { managedFields: [] })), 400, 'metadata.managedFields must be nil'],
    [
      'with an unknown field',
      () => apply('me', { ...map('bad'), dat: {} }),
      500,
      'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .dat: field not declared in schema',
    ],
    [
      'under another name',
      () => api.patch(`${MAPS}/bad?fieldManager=me`, map('worse'), APPLY),
      400,
      'the name of the object (worse) does not match the name on the URL (bad)',
    ],
    [
      'to create with a uid',
      () => apply('me', map('bad', {}, { uid: 'u' })),
      409,
      'Operation cannot be fulfilled on configmaps "bad": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
    [
      'as no object',
      () => api.patch(`${MAPS}/bad?fieldManager=me`, '[]', APPLY),
      400,
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      'with a key twice, when strict',
      () =>
        api.patch(
          `${MAPS}/bad?fieldManager=me&fieldValidation=Strict`,
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndata:\n  a: "1"\n  a: "2"\n',
          APPLY,
        ),
      400,
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
    ],
    [
      'forced, when it is a patch of another type',
      () => api.patch(`${MAPS}/kube-root-ca.crt?force=true`, {}, MERGE_PATCH),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ],
  ]
  it.each(cases)('%s', async (_name, send, status, message) => {
    const answer = await send()
    expect(answer.body.message).toBe(message)
    expect(answer.status).toBe(status)
  })

  it('when it names another resourceVersion or uid than the object has', async () => {
    const { body } = await apply('me', map('exact', { a: '1' }))
    expect((await apply('me', map('exact', { a: '2' }, { resourceVersion: '1' }))).status).toBe(409)
    expect((await apply('me', map('exact', { a: '2' }, { uid: 'other' }))).status).toBe(422)
    const { uid, resourceVersion } = body.metadata
    const { body: next } = await apply('me', map('exact', { a: '2' }, { uid, resourceVersion }))
    expect(owners(next)).toEqual(['me/Apply: {f:data:{f:a:}}'])
  })
})
