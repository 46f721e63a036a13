import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { ResourceV1ResourceClaim as ResourceClaim } from '../../src/api/types.gen.ts'
import { statused } from '../support/refusals.ts'

const CLAIMS = 'resource.k8s.io/v1/resourceclaims'
const UID = '550e8400-e29b-41d4-a716-446655440000'
const CLAIM = { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'c' } }] } } }

/** What an UUID, a name and the like must be is told in other tests at length. */
const short = (faults: string[]): string[] => faults.map((fault) => fault.replace(/ must consist of .*/, ' …'))

describe("a claim's status", () => {
  const RESULT = { request: 'gpu', driver: 'd', pool: 'p', device: 'x' }
  const allocationOf = (result: object): object => ({ allocation: { devices: { results: [{ ...RESULT, ...result }] } } })
  const ALLOCATED = allocationOf({})
  const DEVICE = { driver: 'd', pool: 'p', device: 'x' }

  test.each<[what: string, next: object, old: object, faults: string[], metadata?: object]>([
    ['allocated and used', { ...ALLOCATED, reservedFor: [{ resource: 'pods', name: 'a', uid: 'u' }], devices: [DEVICE] }, {}, []],
    [
      'users of nothing',
      { reservedFor: [{}, {}] },
      {},
      [
        'status.reservedFor[0].resource: Required value',
        'status.reservedFor[0].name: Required value',
        'status.reservedFor[0].uid: Required value',
        'status.reservedFor[1].resource: Required value',
        'status.reservedFor[1].name: Required value',
        'status.reservedFor[1].uid: Required value',
        'status.reservedFor[1]: Duplicate value: ""',
        'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
      ],
    ],
    [
      'new users while it goes',
      { ...ALLOCATED, reservedFor: [{ resource: 'pods', name: 'b', uid: 'v' }] },
      ALLOCATED,
      ['status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'],
      { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 },
    ],
    [
      'another allocation',
      allocationOf({ device: 'y' }),
      ALLOCATED,
      [
        'status.allocation: Invalid value: {"Devices":{"Results":[{"Request":"gpu","Driver":"d","Pool":"p","Device":"y","AdminAccess":null,"Tolerations":null,"BindingConditions":null,"BindingFailureConditions":null,"ShareID":null,"ConsumedCapacity":null}],"Config":null},"NodeSelector":null,"AllocationTimestamp":null}: field is immutable',
      ],
    ],
    [
      'results',
      allocationOf({ request: 'cpu', driver: '', pool: '', device: 'X', shareID: 'x', bindingFailureConditions: ['a'] }),
      {},
      [
        'status.allocation.devices.results[0].request: Invalid value: "cpu": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
        'status.allocation.devices.results[0].driver: Required value',
        'status.allocation.devices.results[0].pool: Required value',
        'status.allocation.devices.results[0].device: Invalid value: "X": a lowercase RFC 1123 label …',
        'status.allocation.devices.results[0].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
        'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
      ],
    ],
    [
      'a share in capitals',
      allocationOf({ shareID: UID.toUpperCase() }),
      {},
      [
        'status.allocation.devices.results[0].shareID: Invalid value: "550E8400-E29B-41D4-A716-446655440000": uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
      ],
    ],
    [
      'configuration',
      { allocation: { devices: { config: [{}, { source: 'X', opaque: { driver: 'd', parameters: {} } }] } } },
      {},
      [
        'status.allocation.devices.config[0].source: Required value',
        'status.allocation.devices.config[0].opaque: Required value',
        'status.allocation.devices.config[1].source: Unsupported value: "X": supported values: "FromClaim", "FromClass"',
      ],
    ],
    [
      'devices it has not got, twice',
      {
        ...ALLOCATED,
        devices: [
          { ...DEVICE, device: 'z' },
          { ...DEVICE, device: 'z' },
        ],
      },
      {},
      [
        'status.devices[0]: Invalid value: {"Driver":"d","Pool":"p","Device":"z","ShareID":""}: must be an allocated device in the claim',
        'status.devices[1]: Invalid value: {"Driver":"d","Pool":"p","Device":"z","ShareID":""}: must be an allocated device in the claim',
        'status.devices[1]: Duplicate value: {"Driver":"d","Pool":"p","Device":"z","ShareID":""}',
      ],
    ],
    [
      'what is said of a device',
      {
        ...ALLOCATED,
        devices: [
          {
            ...DEVICE,
            data: 'x',
            conditions: [{ type: 'Ready' }],
            networkData: {
              interfaceName: 'x'.repeat(257),
              hardwareAddress: 'x'.repeat(129),
              ips: ['10.0.0.1', '10.0.0.01/8', '10.0.0.1/8', '10.0.0.1/8', '::ffff:10.0.0.1/104'],
            },
          },
        ],
      },
      {},
      [
        'status.devices[0].conditions[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
        'status.devices[0].conditions[0].lastTransitionTime: Required value',
        'status.devices[0].conditions[0].reason: Required value',
        'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
        'status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes',
        'status.devices[0].networkData.hardwareAddress: Too long: may not be more than 128 bytes',
        'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
        'status.devices[0].networkData.ips[1]: Invalid value: "10.0.0.01/8": must be in canonical form ("10.0.0.1/8")',
        'status.devices[0].networkData.ips[4]: Invalid value: "::ffff:10.0.0.1/104": must be in canonical form ("10.0.0.1/8")',
        'status.devices[0].networkData.ips[3]: Duplicate value: "10.0.0.1/8"',
      ],
    ],
  ])('%s', (_, next, old, faults, metadata = {}) => {
    expect(short(statused(CLAIMS, { ...CLAIM, metadata, status: next }, { ...CLAIM, metadata, status: old }))).toEqual(faults)
  })

  test('what is said of devices goes with them', () => {
    const claims = loadDefinitions().find(({ apiVersion, resource }) => `${apiVersion}/${resource}` === CLAIMS)!
    const objectOf = (status: object) => ({ metadata: {}, spec: {}, status }) as ResourceClaim
    const other = { ...DEVICE, shareID: UID }
    const next = objectOf({ devices: [DEVICE, other] })
    claims.prepareForStatusUpdate!(next, objectOf(ALLOCATED), '')
    expect(next.status).toEqual({ devices: [other] })
  })
})
