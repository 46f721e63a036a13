import { afterAll, beforeAll, it } from 'vitest'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance } from '../../support/conformance.ts'
import { checkResource, inEveryType, type ResourceTestcase } from '../../support/resource-testcase.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const LABEL = 'test.dra.example.com'
const CLAIM = { devices: { requests: [{ name: 'req-0', exactly: { deviceClassName: 'dra.example.com' } }] } }
const labelled = { metadata: { labels: { [LABEL]: 'test' } } }
/** Where the spec can't be changed. */
const addLabel = ({ metadata }: Json) => {
  metadata.labels[LABEL] = 'test'
}

const ROWS: readonly [title: string, testcase: ResourceTestcase][] = [
  [
    '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass',
    {
      path: 'resource.k8s.io/v1/deviceclasses',
      isNamespaced: false,
      initial: { spec: { selectors: [{ cel: { expression: 'false' } }] } },
      update: ({ spec }) => {
        spec.selectors[0].cel.expression = '1 == 0'
      },
      patches: { [STRATEGIC_PATCH]: { spec: { selectors: [{ cel: { expression: '1 == 0' } }] } } },
    },
  ],
  [
    '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim',
    {
      path: 'resource.k8s.io/v1/resourceclaims',
      isNamespaced: true,
      initial: { spec: CLAIM },
      update: addLabel,
      updateStatus: (claim) => {
        claim.status = { ...claim.status, allocation: {} }
      },
      patches: inEveryType(labelled, [{ op: 'add', path: `/metadata/labels/${LABEL}`, value: 'test' }]),
      statusPatches: inEveryType({ status: { allocation: {} } }, [{ op: 'add', path: '/status/allocation', value: {} }]),
    },
  ],
  [
    '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate',
    {
      path: 'resource.k8s.io/v1/resourceclaimtemplates',
      isNamespaced: true,
      initial: { spec: { spec: CLAIM } },
      update: addLabel,
      patches: { [STRATEGIC_PATCH]: labelled },
    },
  ],
  [
    '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice',
    {
      path: 'resource.k8s.io/v1/resourceslices',
      isNamespaced: false,
      initial: {
        spec: { driver: 'dra.example.com', pool: { name: 'cluster', generation: 1, resourceSliceCount: 1 }, nodeName: 'no-such-node' },
      },
      update: ({ spec }) => {
        spec.devices = [{ name: 'device-0' }]
      },
      patches: { [STRATEGIC_PATCH]: { spec: { devices: [{ name: 'device-0' }] } } },
    },
  ],
]

it.each(ROWS)('%s', (_title, testcase) => checkResource(e2e, testcase))
