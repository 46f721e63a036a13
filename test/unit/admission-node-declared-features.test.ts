import { expect, it, test } from 'vitest'
import { nodeDeclaredFeatureValidator } from '../../src/admission/node-declared-features.ts'
import { createCluster } from '../../src/index.ts'
import { admit } from '../support/admit.ts'
import { Api, type Json } from '../support/api.ts'

const POD_LEVEL = 'InPlacePodLevelResourcesVerticalScaling'
const INIT = 'InPlacePodVerticalScalingInitContainers'
const FORBIDDEN = '403 pods "p" is forbidden: '
const cpu = (amount: string) => ({ requests: { cpu: amount } })

const pod = (spec: Json, generation = 2) => ({ metadata: { name: 'p', generation }, spec: { nodeName: 'n', ...spec } })
const initContainer = (amount: string, others: Json = {}) => ({ initContainers: [{ name: 'i', resources: cpu(amount), ...others }] })

test.each<[string, Json, Json, string[] | undefined, string | undefined]>([
  ['nothing that needs a feature', pod({ activeDeadlineSeconds: 5 }), pod({}, 1), [], undefined],
  [
    'the resources of the pod, where that can be done',
    pod({ resources: cpu('2') }),
    pod({ resources: cpu('1') }, 1),
    [POD_LEVEL],
    undefined,
  ],
  [
    'the resources of the pod, where it can’t',
    pod({ resources: cpu('2') }),
    pod({ resources: cpu('1') }, 1),
    [INIT],
    `${FORBIDDEN}pod update requires features ${POD_LEVEL} which are not available on node "n"`,
  ],
  ['those of an init container, where that can be done', pod(initContainer('2')), pod(initContainer('1'), 1), [INIT], undefined],
  [
    'both, on a node that says nothing',
    pod({ ...initContainer('2'), resources: cpu('2') }),
    pod(initContainer('1'), 1),
    undefined,
    `${FORBIDDEN}pod update requires features ${POD_LEVEL}, ${INIT} which are not available on node "n"`,
  ],
  [
    'those of a sidecar',
    pod(initContainer('2', { restartPolicy: 'Always' })),
    pod(initContainer('1', { restartPolicy: 'Always' }), 1),
    [],
    undefined,
  ],
  ['nothing, by its generation', pod({ resources: cpu('2') }, 1), pod({ resources: cpu('1') }, 1), [], undefined],
  ['a pod on no node', pod({ resources: cpu('2'), nodeName: '' }), pod({ resources: cpu('1') }, 1), [], undefined],
  [
    'a pod on a node that is gone',
    pod({ resources: cpu('2'), nodeName: 'gone' }),
    pod({ resources: cpu('1') }, 1),
    [],
    `${FORBIDDEN}node "gone" not found`,
  ],
])('an update changes %s', (_name, object, old, declaredFeatures, expected) => {
  const cluster = { nodes: [{ metadata: { name: 'n' }, status: { declaredFeatures } }] }
  for (const subresource of ['', 'resize']) {
    expect(admit(nodeDeclaredFeatureValidator, { resource: 'pods', subresource, object, old, cluster }).refusal).toBe(expected)
  }
  expect(admit(nodeDeclaredFeatureValidator, { resource: 'pods', subresource: 'status', object, old, cluster }).refusal).toBeUndefined()
})

it('is asked by who resizes a pod', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 1 })
  const api = new Api(cluster)
  const pods = '/api/v1/namespaces/default/pods'
  await api.created(pods, { metadata: { name: 'p' }, spec: { resources: cpu('1'), containers: [{ name: 'c', image: 'i' }] } })
  await cluster.advance(5000)
  const resize = (amount: string) => api.patch(`${pods}/p/resize`, { spec: { resources: cpu(amount) } })
  expect((await resize('2')).status).toBe(200)
  await api.patch('/api/v1/nodes/node-1/status', { status: { declaredFeatures: [] } })
  expect((await resize('3')).body).toMatchObject({ code: 403, message: expect.stringContaining(`requires features ${POD_LEVEL}`) })
  await cluster.close()
})
