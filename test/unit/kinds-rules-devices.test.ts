import { describe, expect, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import type { ResourceSlice } from '../../src/api/types.gen.ts'
import { created, updated } from '../support/refusals.ts'

const CLASSES = 'resource.k8s.io/v1/deviceclasses'
const CLAIMS = 'resource.k8s.io/v1/resourceclaims'
const TEMPLATES = 'resource.k8s.io/v1/resourceclaimtemplates'
const SLICES = 'resource.k8s.io/v1/resourceslices'

const claimOf = (devices: object): object => ({ spec: { devices } })
const requestsOf = (...requests: object[]): object => claimOf({ requests })
const exactly = (fields: object): object => requestsOf({ name: 'gpu', exactly: { deviceClassName: 'c', ...fields } })
const sliceOf = (fields: object): object => ({
  spec: { driver: 'd.example.com', nodeName: 'n', pool: { name: 'p', resourceSliceCount: 1 }, ...fields },
})
const deviceOf = (fields: object): object => sliceOf({ devices: [{ name: 'd', ...fields }] })
const capacityOf = (requestPolicy: object, allowMultipleAllocations = true): object =>
  deviceOf({ allowMultipleAllocations, capacity: { memory: { value: '10Gi', requestPolicy } } })

/** What an UUID, a name and the like must be is told in other tests at length. */
const short = (faults: string[]): string[] => faults.map((fault) => fault.replace(/ must consist of .*/, ' …'))

describe('devices that are refused', () => {
  test.each<[path: string, what: string, object: object, faults: string[]]>([
    [CLASSES, 'a fine class', { spec: { selectors: [{ cel: { expression: 'true' } }], extendedResourceName: 'example.com/gpu' } }, []],
    [
      CLASSES,
      'selectors and configuration',
      {
        spec: {
          selectors: [{}, { cel: { expression: 'x'.repeat(10241) } }],
          config: [{}, { opaque: { driver: '', parameters: [] } }],
          extendedResourceName: 'gpu',
        },
      },
      [
        'spec.selectors[0].cel: Required value',
        'spec.selectors[1].cel.expression: Too long: may not be more than 10240 bytes',
        'spec.config[0].opaque: Required value',
        'spec.config[1].opaque.driver: Required value',
        'spec.config[1].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
        'spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name',
      ],
    ],
    [
      CLASSES,
      'selectors that mean nothing, and one that is no condition',
      { spec: { selectors: [{ cel: { expression: 'noSuchVar' } }, { cel: { expression: '1' } }, { cel: {} }] } },
      [
        "spec.selectors[0].cel.expression: Invalid value: \"noSuchVar\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'noSuchVar' (in container '')\n | noSuchVar\n | ^",
        'spec.selectors[1].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int',
        expect.stringContaining(
          'spec.selectors[2].cel.expression: Invalid value: "": compilation failed: ERROR: <input>:1:1: Syntax error',
        ),
      ],
    ],
    [
      CLAIMS,
      'a selector that indexes by what is no name',
      exactly({ selectors: [{ cel: { expression: 'device.attributes[true].someBoolean' } }] }),
      [
        "spec.devices.requests[0].exactly.selectors[0].cel.expression: Invalid value: \"device.attributes[true].someBoolean\": compilation failed: ERROR: <input>:1:18: found no matching overload for '_[_]' applied to '(map(string, map(string, any)), bool)'\n | device.attributes[true].someBoolean\n | .................^",
      ],
    ],
    [CLAIMS, 'a fine claim', exactly({ tolerations: [{}, { key: 'a', operator: 'Exists' }] }), []],
    [
      CLAIMS,
      'requests of no kind, of both, and twice',
      requestsOf({ name: 'a' }, { name: 'a', exactly: { deviceClassName: 'c' }, firstAvailable: [{ name: 'b', deviceClassName: 'c' }] }),
      [
        'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
        'spec.devices.requests[1]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
        'spec.devices.requests[1]: Duplicate value: "a"',
      ],
    ],
    [
      CLAIMS,
      'subrequests',
      requestsOf({
        name: 'a',
        firstAvailable: [
          { name: 'b/', deviceClassName: '' },
          { name: 'b/', deviceClassName: 'C' },
        ],
      }),
      [
        'spec.devices.requests[0].firstAvailable[0].name: Invalid value: "b/": a lowercase RFC 1123 label …',
        'spec.devices.requests[0].firstAvailable[0].deviceClassName: Required value',
        'spec.devices.requests[0].firstAvailable[1].name: Invalid value: "b/": a lowercase RFC 1123 label …',
        'spec.devices.requests[0].firstAvailable[1].deviceClassName: Invalid value: "C": a lowercase RFC 1123 subdomain …',
        'spec.devices.requests[0].firstAvailable[1]: Duplicate value: "b/"',
      ],
    ],
    [
      CLAIMS,
      'too many subrequests',
      requestsOf({ name: 'a', firstAvailable: Array(9).fill({}) }),
      ['spec.devices.requests[0].firstAvailable: Too many: 9: must have at most 8 items'],
    ],
    [
      CLAIMS,
      'all of them, and how many',
      exactly({ allocationMode: 'All', count: 2 }),
      ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
    ],
    [
      CLAIMS,
      'less than none',
      exactly({ count: -1 }),
      ['spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero'],
    ],
    [
      CLAIMS,
      'another mode',
      exactly({ allocationMode: 'Some' }),
      ['spec.devices.requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"'],
    ],
    [
      CLAIMS,
      'tolerations',
      exactly({ tolerations: [{ operator: 'Exists', value: 'x' }, { operator: 'In' }, { key: 'a b', effect: 'Never' }, { value: 'a b' }] }),
      [
        'spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "x": must be empty for operator `Exists`',
        'spec.devices.requests[0].exactly.tolerations[1].operator: Unsupported value: "In": supported values: "Equal", "Exists"',
        'spec.devices.requests[0].exactly.tolerations[2].key: Invalid value: "a b": name part …',
        'spec.devices.requests[0].exactly.tolerations[2].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
        "spec.devices.requests[0].exactly.tolerations[3].value: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      ],
    ],
    [
      CLAIMS,
      'constraints and references',
      claimOf({
        requests: [{ name: 'gpu', firstAvailable: [{ name: 'big', deviceClassName: 'c' }] }],
        constraints: [
          { requests: ['gpu', 'gpu/big', 'gpu/small', 'a/b/c', 'gpu'], matchAttribute: 'model' },
          { distinctAttribute: 'example.com/' },
          {},
        ],
        config: [{ requests: ['cpu'], opaque: { driver: 'd', parameters: { a: 1 } } }],
      }),
      [
        'spec.devices.constraints[0].requests[2]: Invalid value: "gpu/small": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
        'spec.devices.constraints[0].requests[3]: Invalid value: "a/b/c": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
        'spec.devices.constraints[0].requests[4]: Duplicate value: "gpu"',
        'spec.devices.constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash',
        'spec.devices.constraints[1].distinctAttribute: Invalid value: "": the name must not be empty',
        'spec.devices.constraints[2]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
        'spec.devices.config[0].requests[0]: Invalid value: "cpu": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      ],
    ],
    [
      TEMPLATES,
      'metadata and spec',
      { spec: { metadata: { name: 'x', labels: { a: 'b' } }, spec: { devices: { requests: [{ name: 'a' }] } } } },
      [
        'spec.metadata.name: Forbidden: cannot be set',
        'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
      ],
    ],
    [SLICES, 'a fine slice', deviceOf({ attributes: { 'example.com/a': { int: 1 }, b: { version: '1.2.3-a+b' } } }), []],
    [
      SLICES,
      'nothing',
      { spec: {} },
      [
        'spec.driver: Required value',
        'spec.pool.name: Required value',
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      ],
    ],
    [
      SLICES,
      'nodes said twice',
      sliceOf({ allNodes: true, pool: { name: 'p//q', resourceSliceCount: 1, generation: -1 } }),
      [
        'spec.pool.name: Invalid value: "": a lowercase RFC 1123 subdomain …',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
      ],
    ],
    [
      SLICES,
      'nodes said by empty values',
      sliceOf({ nodeName: '', allNodes: false, perDeviceNodeSelection: false }),
      [
        'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
        'spec.allNodes: Invalid value: false: must be either unset or set to true',
        'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
        'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      ],
    ],
    [
      SLICES,
      'a selector with two terms',
      sliceOf({
        nodeName: undefined,
        nodeSelector: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
            { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
          ],
        },
      }),
      [
        'spec.nodeSelector.nodeSelectorTerms: Invalid value: [{"MatchExpressions":null,"MatchFields":[{"Key":"metadata.name","Operator":"In","Values":["n"]}]},{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}]: must have exactly one node selector term',
      ],
    ],
    [
      SLICES,
      'devices twice, beside counters',
      sliceOf({ devices: [{ name: 'a' }, { name: 'a' }], sharedCounters: [{ name: 'A', counters: {} }] }),
      [
        'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
        'spec.devices[1]: Duplicate value: "a"',
        'spec.sharedCounters[0].name: Invalid value: "A": a lowercase RFC 1123 label …',
        'spec.sharedCounters[0].counters: Required value',
      ],
    ],
    [
      SLICES,
      'too many devices with taints',
      sliceOf({ devices: Array(65).fill({ taints: [{}] }) }),
      ['spec.devices: Too many: 65: must have at most 64 items'],
    ],
    [
      SLICES,
      'attributes',
      deviceOf({
        attributes: { 'a-b': { int: 1, bool: true }, 'example.com/': {}, '/x': { version: '1.2' }, c: { string: 'x'.repeat(65) } },
      }),
      [
        "spec.devices[0].attributes: Invalid value: \"a-b\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
        'spec.devices[0].attributes[a-b]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified',
        'spec.devices[0].attributes: Invalid value: "": the name must not be empty',
        'spec.devices[0].attributes[example.com/]: Invalid value: "": exactly one value must be specified',
        'spec.devices[0].attributes: Invalid value: "": the domain must not be empty',
        'spec.devices[0].attributes[/x].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
        'spec.devices[0].attributes[c].string: Too long: may not be more than 64 bytes',
      ],
    ],
    [
      SLICES,
      'too many attributes',
      deviceOf({ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { int: 1 }])) }),
      ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32'],
    ],
    [
      SLICES,
      'taints and counters',
      deviceOf({
        taints: [{ key: 'a' }, { key: '', value: 'a b', effect: 'X' }],
        consumesCounters: [{}, { counterSet: 'a', counters: { B: { value: '1' } } }],
      }),
      [
        'spec.devices[0].taints[0].effect: Required value',
        'spec.devices[0].taints[1].key: Invalid value: "": name part must be non-empty',
        'spec.devices[0].taints[1].key: Invalid value: "": name part …',
        "spec.devices[0].taints[1].value: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        'spec.devices[0].taints[1].effect: Unsupported value: "X": supported values: "NoExecute", "NoSchedule", "None"',
        'spec.devices[0].consumesCounters[0].counterSet: Required value',
        'spec.devices[0].consumesCounters[0].counters: Required value',
        'spec.devices[0].consumesCounters[1].counters: Invalid value: "B": a lowercase RFC 1123 label …',
      ],
    ],
    [
      SLICES,
      'nodes of devices',
      sliceOf({
        nodeName: undefined,
        perDeviceNodeSelection: true,
        devices: [{ name: 'a' }, { name: 'b', nodeName: 'n', allNodes: true }, { name: 'c', nodeName: '' }],
      }),
      [
        'spec.devices[0]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
        'spec.devices[1]: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
        'spec.devices[2].nodeName: Invalid value: "": must not be empty',
        'spec.devices[2]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ],
    ],
    [
      SLICES,
      'nodes of devices where the slice has them',
      deviceOf({ allNodes: true }),
      [
        'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ],
    ],
    [
      SLICES,
      'conditions',
      deviceOf({ bindingConditions: ['a', 'a', 'b'], bindingFailureConditions: ['b', 'c d'] }),
      [
        'spec.devices[0].bindingFailureConditions[1]: Invalid value: "c d": name part …',
        'spec.devices[0].bindingConditions[1]: Duplicate value: "a"',
        'spec.devices[0].bindingFailureConditions[0]: Invalid value: "b": bindingFailureConditions must not overlap with bindingConditions',
      ],
    ],
    [
      SLICES,
      'conditions of one kind',
      deviceOf({ bindingConditions: ['a'] }),
      ['spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions'],
    ],
    [
      SLICES,
      'a policy for a device that is not shared',
      capacityOf({ default: '1Gi' }, false),
      ['spec.devices[0].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true'],
    ],
    [
      SLICES,
      'two policies',
      capacityOf({ validValues: ['1Gi'], validRange: { min: '1Gi' } }),
      [
        'spec.devices[0].capacity[memory].requestPolicy: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
      ],
    ],
    [
      SLICES,
      'values',
      capacityOf({ default: '3Gi', validValues: ['2Gi', '1Gi', '1Gi', '20Gi'] }),
      [
        'spec.devices[0].capacity[memory].requestPolicy.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order',
        'spec.devices[0].capacity[memory].requestPolicy.validValues[3]: Invalid value: "20Gi": option is larger than capacity value: 10Gi',
        'spec.devices[0].capacity[memory].requestPolicy.validValues[2]: Duplicate value: "1073741824"',
        'spec.devices[0].capacity[memory].requestPolicy.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy',
      ],
    ],
    [
      SLICES,
      'values without a default',
      capacityOf({ validValues: ['2Gi'] }),
      ['spec.devices[0].capacity[memory].requestPolicy.default: Required value: required when validValues is defined'],
    ],
    [
      SLICES,
      'a range',
      capacityOf({ default: '1Gi', validRange: { min: '11Gi', max: '10.5Gi', step: '2Gi' } }),
      [
        'spec.devices[0].capacity[memory].requestPolicy.validRange.min: Invalid value: "11Gi": min is larger than capacity value: 10Gi',
        'spec.devices[0].capacity[memory].requestPolicy.validRange.min: Invalid value: "1Gi": default is less than min: 11Gi',
        'spec.devices[0].capacity[memory].requestPolicy.validRange.max: Invalid value: "11Gi": min is larger than max: 10752Mi',
        'spec.devices[0].capacity[memory].requestPolicy.validRange.max: Invalid value: "10752Mi": max is larger than capacity value: 10Gi',
        'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "2Gi": one step 13Gi is larger than capacity value: 10Gi',
        'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "10752Mi": value is not a multiple of a given step (2Gi) from (11Gi)',
      ],
    ],
  ])('%s: %s', (path, _, object, faults) => {
    expect(short(created(path, object))).toEqual(faults)
  })
})

describe('what stays as it is', () => {
  test.each<[path: string, next: object, old: object, faults: string[]]>([
    [
      CLAIMS,
      exactly({ count: 2 }),
      exactly({}),
      [
        'spec: Invalid value: {"Devices":{"Requests":[{"Name":"gpu","Exactly":{"DeviceClassName":"c","Selectors":null,"AllocationMode":"ExactCount","Count":2,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
      ],
    ],
    [CLAIMS, exactly({ count: 1 }), exactly({}), []],
    [
      TEMPLATES,
      { spec: { metadata: { labels: { a: 'b' } }, spec: {} } },
      { spec: { spec: {} } },
      [
        'spec: Invalid value: {"labels":{"a":"b"},"Spec":{"Devices":{"Requests":null,"Constraints":null,"Config":null}}}: field is immutable',
      ],
    ],
    [
      SLICES,
      sliceOf({ driver: 'e', nodeName: 'm' }),
      sliceOf({}),
      ['spec.driver: Invalid value: "e": field is immutable', 'spec.nodeName: Invalid value: "m": field is immutable'],
    ],
    [SLICES, deviceOf({ taints: [{ key: 'a', effect: 'X' }] }), deviceOf({ taints: [{ key: 'a', effect: 'X' }] }), []],
  ])('%s %#', (path, next, old, faults) => {
    expect(short(updated(path, next, old))).toEqual(faults)
  })
})

test('taints have the time they come with; what is behind gates is dropped', () => {
  const slices = loadDefinitions().find(({ apiVersion, resource }) => `${apiVersion}/${resource}` === SLICES)!
  const slice = deviceOf({
    taints: [{ key: 'a' }],
    attributes: { a: { int: 1, strings: ['x'] } },
    nodeAllocatableResourceMappings: {},
  }) as ResourceSlice
  slices.prepareForUpdate!(slice, slice, '2026-01-01T00:00:00Z')
  expect(slice.spec.devices).toEqual([
    { name: 'd', taints: [{ key: 'a', timeAdded: '2026-01-01T00:00:00Z' }], attributes: { a: { int: 1 } } },
  ])
})
