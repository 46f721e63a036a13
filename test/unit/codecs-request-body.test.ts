import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { FieldValidation } from '../../src/api/schema/decode-object.ts'
import { Schemas } from '../../src/api/schema.ts'
import { JSON_TYPE, type MediaType, PROTOBUF_TYPE, YAML_TYPE } from '../../src/http/codecs/negotiate.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { RequestBodies } from '../../src/http/codecs/request-body.ts'

const schemas = new Schemas()
const protobuf = new Protobuf(schemas)
const bodies = new RequestBodies(schemas, protobuf)
const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment', typeName: 'io.k8s.api.apps.v1.Deployment' }
const POD = { group: '', version: 'v1', kind: 'Pod', typeName: 'io.k8s.api.core.v1.Pod' }
const SECRET = { group: '', version: 'v1', kind: 'Secret', typeName: 'io.k8s.api.core.v1.Secret' }
const HPA = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  typeName: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
}

function decode(body: string | Buffer, expected = DEPLOYMENT, mediaType: MediaType = JSON_TYPE, validation: FieldValidation = 'Warn') {
  return bodies.decode(Buffer.from(body), mediaType, expected, validation)
}

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`
    throw error
  }
  return 'no error'
}

const CANNOT = '400 Deployment in version "v1" cannot be handled as a Deployment: '
const UNRECOGNIZED = '400 the object provided is unrecognized (must be of type Deployment): '
const PARSE = `${UNRECOGNIZED}couldn't get version/kind; json parse error: `

it('takes null for an object with nothing in it, as Go does', () => {
  expect(decode('null').object).toEqual(decode('{}').object)
})

describe('bodies that can not be decoded', () => {
  it.each([
    [
      'wrong type',
      '{"spec":{"replicas":"3"}}',
      `${CANNOT}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'fraction',
      '{"spec":{"replicas":1.5}}',
      `${CANNOT}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'integer written as a fraction',
      '{"spec":{"replicas":1.0}}',
      `${CANNOT}json: cannot unmarshal number 1.0 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'out of range',
      '{"spec":{"replicas":3000000000}}',
      `${CANNOT}json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'label',
      '{"metadata":{"labels":{"a":1}}}',
      `${CANNOT}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`,
    ],
    ['struct', '{"spec":"x"}', `${CANNOT}json: cannot unmarshal string into Go struct field Deployment.spec of type v1.DeploymentSpec`],
    [
      'list',
      '{"spec":{"template":{"spec":{"containers":{}}}}}',
      `${CANNOT}json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
    ],
    [
      'named string',
      '{"spec":{"template":{"spec":{"restartPolicy":true}}}}',
      `${CANNOT}json: cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy`,
    ],
    [
      'in a list',
      '{"spec":{"template":{"spec":{"containers":[{"env":[{"value":true}]}]}}}}',
      `${CANNOT}json: cannot unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.value of type string`,
    ],
    [
      'embedded struct',
      '{"spec":{"template":{"spec":{"volumes":[{"hostPath":5}]}}}}',
      `${CANNOT}json: cannot unmarshal number into Go struct field Volume.spec.template.spec.volumes.hostPath of type v1.HostPathVolumeSource`,
    ],
    [
      'the first of two',
      '{"spec":{"replicas":"a","paused":"b"}}',
      `${CANNOT}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'quantity',
      '{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}}}',
      `${CANNOT}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    ['quantity suffix', '{"spec":{"template":{"spec":{"overhead":{"cpu":"1ki"}}}}}', `${CANNOT}unable to parse quantity's suffix`],
    [
      'intOrString',
      '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":true}}}}',
      `${CANNOT}json: cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32`,
    ],
    [
      'time',
      '{"metadata":{"creationTimestamp":"yesterday"}}',
      `${CANNOT}parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`,
    ],
    ['day', '{"metadata":{"creationTimestamp":"2026-02-30T00:00:00Z"}}', `${CANNOT}parsing time "2026-02-30T00:00:00Z": day out of range`],
    [
      'time that is a number',
      '{"metadata":{"creationTimestamp":5}}',
      `${CANNOT}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string`,
    ],
    ['empty', '', `${PARSE}unexpected end of JSON input (<empty>)`],
    ['cut short', '{"kind":"Deployment"', `${PARSE}unexpected end of JSON input ({"kind":"Deployment")`],
    ['no JSON', 'hello', `${PARSE}invalid character 'h' looking for beginning of value (68656c6c6f)`],
    [
      'trailing comma',
      '{"kind":"Deployment","a":[1,2,],"b":"a long one"}',
      `${PARSE}invalid character ']' looking for beginning of value ({"kind":"Deployment","a":[1,2, ...)`,
    ],
    ['bare key', '{a:1}', `${PARSE}invalid character 'a' looking for beginning of object key string ({a:1})`],
    ['single quotes', "{'a':1}", `${PARSE}invalid character '\\'' looking for beginning of object key string ({'a':1})`],
    ['two values', '{} {}', `${PARSE}invalid character '{' after top-level value ({} {})`],
    ['line break in a string', '{"a":"b\n"}', `${PARSE}invalid character '\\n' in string literal ({"a":"b\n"})`],
    [
      'list',
      '[]',
      `${PARSE}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    ['kind of no string', '{"kind":5}', `${PARSE}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`],
    ['too many slashes', '{"apiVersion":"a/b/c"}', `${UNRECOGNIZED}unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})`],
    [
      'unknown kind',
      '{"kind":"Foo","apiVersion":"v1"}',
      '400 Foo in version "v1" cannot be handled as a Deployment: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'other kind',
      '{"kind":"Pod","apiVersion":"v1"}',
      '400 Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion',
    ],
  ])('%s', (_, body, expected) => {
    expect(messageOf(() => decode(body))).toBe(expected)
  })

  it('names the version that does not match', () => {
    expect(messageOf(() => decode('{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2"}', HPA))).toBe(
      '400 the API version in the data (autoscaling/v2) does not match the expected API version (autoscaling/v1)',
    )
  })

  it.each([
    ['a', 'illegal base64 data at input byte 0'],
    ['YWJj!', 'illegal base64 data at input byte 4'],
    ['YWJ', 'illegal base64 data at input byte 0'],
    ['YQ==YQ==', 'illegal base64 data at input byte 4'],
  ])('base64 %s', (text, message) => {
    expect(messageOf(() => decode(JSON.stringify({ data: { k: text } }), SECRET))).toBe(
      `400 Secret in version "v1" cannot be handled as a Secret: ${message}`,
    )
  })

  it('says what is wrong with protobuf', () => {
    expect(messageOf(() => decode('{}', DEPLOYMENT, PROTOBUF_TYPE))).toBe(
      `${UNRECOGNIZED}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})`,
    )
  })
})

describe('field validation', () => {
  const body = '{"spec":{"foo":1,"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"name":"a","bar":1,"env":[{"x":1}]}]}}}}'
  const errors = [
    'unknown field "spec.foo"',
    'duplicate field "spec.replicas"',
    'unknown field "spec.template.spec.containers[0].bar"',
    'unknown field "spec.template.spec.containers[0].env[0].x"',
  ]

  it('Warn takes the object and says what it dropped', () => {
    const { object, warnings } = decode(body)
    expect(warnings).toEqual(errors)
    expect(object).toMatchObject({ spec: { replicas: 2, template: { spec: { containers: [{ name: 'a', env: [{ name: '' }] }] } } } })
    expect(object.spec).not.toHaveProperty('foo')
  })

  it('Strict refuses', () => {
    expect(messageOf(() => decode('{"spec":{"foo":1},"bar":{"a":1,"a":2}}', DEPLOYMENT, JSON_TYPE, 'Strict'))).toBe(
      `${CANNOT}strict decoding error: unknown field "spec.foo", unknown field "bar"`,
    )
  })

  it('Ignore says nothing', () => {
    expect(decode(body, DEPLOYMENT, JSON_TYPE, 'Ignore').warnings).toEqual([])
  })

  it('finds repeated keys of maps, and of YAML', () => {
    expect(decode('{"metadata":{"labels":{"a":"1","a":"2"}}}').warnings).toEqual(['duplicate field "metadata.labels.a"'])
    expect(decode('spec:\n  paused: true\n  paused: true\n', DEPLOYMENT, YAML_TYPE).warnings).toEqual([
      'line 3: key "paused" already set in map',
    ])
  })
})

describe('bodies that can be decoded', () => {
  it('need not say what they are', () => {
    expect(decode('{"metadata":{"name":"a"}}').object).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } })
  })

  it('are stored as Go would write them', () => {
    const { object } = decode(
      JSON.stringify({
        metadata: { name: 'a', labels: {}, creationTimestamp: null, annotations: null, finalizers: [] },
        spec: {
          hostNetwork: false,
          priority: 0,
          dnsPolicy: '',
          terminationGracePeriodSeconds: 0,
          containers: [
            { name: 'c', args: [], resources: { limits: { cpu: '1.5', memory: '1024Mi' }, requests: { cpu: 2, memory: '1.500' } } },
          ],
          volumes: [{ name: 'v', emptyDir: {} }],
        },
        status: { startTime: '2026-01-02T03:04:05.678+02:00' },
      }),
      POD,
    )
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: {
        priority: 0,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', resources: { limits: { cpu: '1500m', memory: '1Gi' }, requests: { cpu: '2', memory: '1.500' } } }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
      status: { startTime: '2026-01-02T01:04:05Z' },
    })
  })

  it('are the same in all three forms', () => {
    const value = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { replicas: 0 } }
    const json = decode(JSON.stringify(value)).object
    expect(
      decode('apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 0\n', DEPLOYMENT, YAML_TYPE).object,
    ).toEqual(json)
    expect(decode(protobuf.encode('apps/v1', 'Deployment', value), DEPLOYMENT, PROTOBUF_TYPE).object).toEqual(json)
  })

  it('keep a label called __proto__', () => {
    const { object } = decode('{"metadata":{"labels":{"__proto__":"x"}}}')
    expect(JSON.stringify(object)).toContain('"labels":{"__proto__":"x"}')
  })
})

describe('custom resources', () => {
  const expected = { group: 'a.io', version: 'v1', kind: 'Thing', typeName: undefined }

  it('are taken as they are', () => {
    const { object, warnings } = bodies.decode(
      Buffer.from('{"apiVersion":"a.io/v1","kind":"Thing","x":1.0,"x":[null]}'),
      JSON_TYPE,
      expected,
      'Warn',
    )
    expect(object).toEqual({ apiVersion: 'a.io/v1', kind: 'Thing', x: [null] })
    expect(warnings).toEqual(['duplicate field "x"'])
  })

  it('must say what they are', () => {
    expect(messageOf(() => bodies.decode(Buffer.from('{"apiVersion":"a.io/v1"}'), JSON_TYPE, expected, 'Warn'))).toContain(
      `Object 'Kind' is missing in '{"apiVersion":"a.io/v1"}'`,
    )
  })
})

describe('DeleteOptions', () => {
  it.each([
    ['', {}],
    ['{}', {}],
    ['{"gracePeriodSeconds":0,"orphanDependents":false}', { gracePeriodSeconds: 0, orphanDependents: false }],
    ['{"kind":"DeleteOptions","apiVersion":"apps/v1","propagationPolicy":"Foreground"}', { propagationPolicy: 'Foreground' }],
    ['{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1","dryRun":["All"]}', { dryRun: ['All'] }],
  ])('%s', (body, expected) => {
    expect(bodies.decodeDeleteOptions(Buffer.from(body), JSON_TYPE)).toMatchObject(expected)
  })

  it('refuses other kinds and wrong types', () => {
    expect(messageOf(() => bodies.decodeDeleteOptions(Buffer.from('{"kind":"Foo","apiVersion":"v1"}'), JSON_TYPE))).toMatch(
      /^400 no kind "Foo"/,
    )
    expect(messageOf(() => bodies.decodeDeleteOptions(Buffer.from('{"gracePeriodSeconds":"1"}'), JSON_TYPE))).toBe(
      '400 json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    )
  })
})
