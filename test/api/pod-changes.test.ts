import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json, STRATEGIC_PATCH } from '../support/api.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  await cluster.settle()
})
afterAll(() => cluster.close())

const PODS = '/api/v1/namespaces/default/pods'

async function podOf(name: string, spec: Json = {}, metadata: Json = {}): Promise<string> {
  const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } }
  await api.created(PODS, { metadata: { name, ...metadata }, spec: { containers: [{ name: 'web', image: 'web:1', resources }], ...spec } })
  return `${PODS}/${name}`
}

/** What the managers own that came through a subresource other than status, which the scheduler writes. */
const ownersOf = ({ body }: { body: Json }): Json =>
  body.metadata.managedFields
    .filter(({ subresource }: Json) => subresource && subresource !== 'status')
    .map(({ operation, subresource, fieldsV1 }: Json) => [operation, subresource, fieldsV1])

const message = ({ status, body }: { status: number; body: Json }): string => `${status} ${body.message}`

describe('ephemeral containers', () => {
  const debug = (more: Json = {}): Json => ({ spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1', ...more }] } })

  it('are added, and count as a change of the spec; nothing else changes', async () => {
    const path = await podOf('debugged')
    const answer = await api.patch(
      `${path}/ephemeralcontainers`,
      { ...debug(), metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } },
      STRATEGIC_PATCH,
    )
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ metadata: { generation: 2 }, spec: { ephemeralContainers: [{ name: 'debug' }] } })
    expect(answer.body.metadata).not.toHaveProperty('labels')
    expect(answer.body.status.phase).toBe('Pending')
    expect((await api.get(`${path}/ephemeralcontainers`)).body.spec.ephemeralContainers).toHaveLength(1)
    const [[operation, subresource, fields]] = ownersOf(answer)
    expect([operation, subresource, Object.keys(fields), Object.keys(fields['f:spec'])]).toEqual([
      'Update',
      'ephemeralcontainers',
      ['f:spec'],
      ['f:ephemeralContainers'],
    ])
  })

  it('stay as they are', async () => {
    const path = await podOf('kept')
    await api.patch(`${path}/ephemeralcontainers`, debug(), STRATEGIC_PATCH)
    expect(message(await api.patch(`${path}/ephemeralcontainers`, { spec: { ephemeralContainers: null } }))).toBe(
      '422 Pod "kept" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    )
    expect(message(await api.patch(`${path}/ephemeralcontainers`, debug({ image: 'busybox:2' }), STRATEGIC_PATCH))).toMatch(
      /^422 Pod "kept" is invalid: spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n/,
    )
    expect(message(await api.patch(`${path}/ephemeralcontainers`, debug({ name: 'other', ports: [{ containerPort: 1 }] })))).toContain(
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    )
  })
})

describe('resizing', () => {
  it('can be applied, by who comes to own the resources alone', async () => {
    const path = await podOf('applied')
    const configuration = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'applied', labels: { a: 'b' } },
      spec: { containers: [{ name: 'web', image: 'web:2', resources: { requests: { cpu: '150m' } } }] },
    }
    const answer = await api.patch(`${path}/resize?fieldManager=me&force=true`, configuration, 'application/apply-patch+yaml')
    expect(answer.body).toMatchObject({ spec: { containers: [{ image: 'web:1', resources: { requests: { cpu: '150m' } } }] } })
    const fields = { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:resources': { 'f:requests': { 'f:cpu': {} } } } } } }
    expect(ownersOf(answer)).toEqual([['Apply', 'resize', fields]])
  })

  const resized = (resources: Json): Json => ({ spec: { containers: [{ name: 'web', resources }] } })

  it('changes CPU and memory, and nothing else', async () => {
    const path = await podOf('resized')
    const more = { ...resized({ requests: { cpu: '150m' } }), metadata: { labels: { a: 'b' } } }
    more.spec.containers[0].image = 'web:2'
    const answer = await api.patch(`${path}/resize`, more, STRATEGIC_PATCH)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      metadata: { generation: 2 },
      spec: { containers: [{ image: 'web:1', resources: { requests: { cpu: '150m', memory: '64Mi' } } }] },
    })
    expect(answer.body.metadata).not.toHaveProperty('labels')
    const fields = { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:resources': { 'f:requests': { 'f:cpu': {} } } } } } }
    expect(ownersOf(answer)).toEqual([['Update', 'resize', fields]])
    const creator = answer.body.metadata.managedFields.find(({ subresource }: Json) => !subresource)
    expect(Object.keys(creator.fieldsV1['f:spec']['f:containers']['k:{"name":"web"}']['f:resources']['f:requests'])).toEqual([
      '.',
      'f:memory',
    ])
    expect((await api.patch(path, resized({ requests: { cpu: '160m' } }), STRATEGIC_PATCH)).status).toBe(422)
  })

  it('leaves the class of service, the order of containers and every resource in place', async () => {
    const path = await podOf('steady')
    const refused = async (resources: Json): Promise<string> =>
      message(await api.patch(`${path}/resize`, resized(resources), STRATEGIC_PATCH))
    expect(await refused({ requests: { cpu: '200m', memory: '128Mi' } })).toBe(
      '422 Pod "steady" is invalid: spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    )
    expect(await refused({ limits: { memory: null } })).toBe(
      '422 Pod "steady" is invalid: spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    )
    expect(await refused({ requests: { 'ephemeral-storage': '1Gi' } })).toBe(
      '422 Pod "steady" is invalid: spec: Forbidden: only cpu and memory resources are mutable',
    )
    const renamed = await api.patch(`${path}/resize`, { spec: { containers: [{ name: 'api', image: 'web:1' }] } })
    expect(message(renamed)).toContain('spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize')
  })

  it('is not for Windows', async () => {
    const path = await podOf('panes', { os: { name: 'windows' } })
    expect(message(await api.patch(`${path}/resize`, resized({ requests: { cpu: '150m' } }), STRATEGIC_PATCH))).toBe(
      '422 Pod "panes" is invalid: []: Forbidden: windows pods cannot be resized',
    )
  })
})
