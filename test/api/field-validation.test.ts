/** What is said of fields that are unknown or given twice, by each way to write. Upstream: field_validation_test.go */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, JSON_PATCH, type Json, MERGE_PATCH, STRATEGIC_PATCH } from '../support/api.ts'
import { type BareServer, createBareServer } from '../support/bare-server.ts'

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const JSON_TYPE = 'application/json'
const YAML = 'application/yaml'
const APPLY = 'application/apply-patch+yaml'

let server: BareServer
beforeAll(async () => {
  server = await createBareServer()
})
afterAll(() => server.close())

const FAULTY_JSON = (name: string) => `{
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {"name": "other", "name": "${name}", "odd": "x"},
  "spec": {
    "odd": "x", "oddTwice": "x", "oddTwice": "y", "paused": true, "paused": false,
    "selector": {"matchLabels": {"app": "a"}},
    "template": {
      "metadata": {"labels": {"app": "a"}},
      "spec": {"containers": [{"name": "c", "image": "i", "oddBelow": "x", "imagePullPolicy": "Always", "imagePullPolicy": "Never"}]}
    }
  }
}`
const FAULTY_YAML = (name: string, isOdd = true) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: other
  name: ${name}
${isOdd ? '  odd: x\n' : ''}spec:
${isOdd ? '  odd: x\n  oddTwice: x\n  oddTwice: y\n' : ''}  paused: true
  paused: false
  selector:
    matchLabels:
      app: a
  template:
    metadata:
      labels:
        app: a
    spec:
      containers:
      - name: c
        image: i
${isOdd ? '        oddBelow: x\n' : ''}        imagePullPolicy: Always
        imagePullPolicy: Never
`
const FAULTY_PATCH = `{"spec": {
  "odd": "x", "oddTwice": "x", "oddTwice": "y", "paused": true, "paused": false,
  "template": {"spec": {"containers": [
    {"name": "c", "image": "i", "oddBelow": "x", "imagePullPolicy": "Always", "imagePullPolicy": "Never"}
  ]}}
}}`
const REPEATING_PATCH = `{"spec": {"paused": true, "paused": false,
  "template": {"spec": {"containers": [{"name": "c", "image": "i", "imagePullPolicy": "Always", "imagePullPolicy": "Never"}]}}
}}`
const FAULTY_JSON_PATCH = `[
  {"op": "add", "path": "/spec/odd", "value": "x", "foo": "bar"},
  {"op": "add", "path": "/spec/odd2", "path": "/spec/odd3", "value": "x"},
  {"op": "add", "path": "/spec/template/spec/containers/0/oddBelow", "value": "x"},
  {"op": "add", "path": "/spec/paused", "value": true}
]`

const IN_JSON = [
  'duplicate field "metadata.name"',
  'unknown field "metadata.odd"',
  'unknown field "spec.odd"',
  'unknown field "spec.oddTwice"',
  'duplicate field "spec.paused"',
  'unknown field "spec.template.spec.containers[0].oddBelow"',
  'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
]
const YAML_LINES = [5, 10, 12, 26].map(
  (line, i) => `line ${line}: key "${['name', 'oddTwice', 'paused', 'imagePullPolicy'][i]}" already set in map`,
)
/** YAML is turned into JSON first, whose keys are in order. */
const UNKNOWN = [
  'unknown field "metadata.odd"',
  'unknown field "spec.odd"',
  'unknown field "spec.oddTwice"',
  'unknown field "spec.template.spec.containers[0].oddBelow"',
]
const REPEATED = ['duplicate field "spec.paused"', 'duplicate field "spec.template.spec.containers[0].imagePullPolicy"']
/** Of an object that a patch made: what is unknown to a struct comes after what is in its fields. */
const IN_PATCH = ['duplicate field "spec.oddTwice"', ...REPEATED, UNKNOWN[3]!, UNKNOWN[1]!, UNKNOWN[2]!]
const IN_JSON_PATCH = [
  'json patch unknown field "[0].foo"',
  'json patch duplicate field "[1].path"',
  'unknown field "spec.template.spec.containers[0].oddBelow"',
  'unknown field "spec.odd"',
  'unknown field "spec.odd3"',
]
interface Row {
  readonly name: string
  readonly send: (query: string, name: string) => Promise<Answer>
  readonly exists: boolean
  /** What Strict says, after whatever stands before it. */
  readonly refusal: string
  readonly warnings: readonly string[]
}

const own = (name: string) => `${DEPLOYMENTS}/${name}`
const strict = (texts: readonly string[]) => `strict decoding error: ${texts.join(', ')}`
const yamlRefusal = `strict decoding error: yaml: unmarshal errors:\n${YAML_LINES.map((line) => `  ${line}`).join('\n')}, ${UNKNOWN.join(', ')}`
const APPLY_LINES = [
  'line 5: key "name" already set in map',
  'line 8: key "paused" already set in map',
  'line 21: key "imagePullPolicy" already set in map',
]

const rows: readonly Row[] = [
  {
    name: 'POST of JSON',
    exists: false,
    send: (query, name) => server.api.post(`${DEPLOYMENTS}?${query}`, FAULTY_JSON(name)),
    refusal: strict(IN_JSON),
    warnings: IN_JSON,
  },
  {
    name: 'POST of YAML',
    exists: false,
    send: (query, name) => server.api.post(`${DEPLOYMENTS}?${query}`, FAULTY_YAML(name), { 'content-type': YAML }),
    refusal: yamlRefusal,
    warnings: [...YAML_LINES, ...UNKNOWN],
  },
  {
    name: 'PUT of JSON',
    exists: true,
    send: (query, name) => server.api.put(`${own(name)}?${query}`, FAULTY_JSON(name), { 'content-type': JSON_TYPE }),
    refusal: strict(IN_JSON),
    warnings: IN_JSON,
  },
  {
    name: 'PUT of YAML',
    exists: true,
    send: (query, name) => server.api.put(`${own(name)}?${query}`, FAULTY_YAML(name), { 'content-type': YAML }),
    refusal: yamlRefusal,
    warnings: [...YAML_LINES, ...UNKNOWN],
  },
  {
    name: 'a merge patch',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?${query}`, FAULTY_PATCH, MERGE_PATCH),
    refusal: strict(IN_PATCH),
    warnings: IN_PATCH,
  },
  {
    name: 'a merge patch that only repeats itself',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?${query}`, REPEATING_PATCH, MERGE_PATCH),
    refusal: strict(REPEATED),
    warnings: REPEATED,
  },
  {
    name: 'a strategic merge patch',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?${query}`, FAULTY_PATCH, STRATEGIC_PATCH),
    refusal: strict(IN_PATCH),
    warnings: IN_PATCH,
  },
  {
    name: 'a strategic merge patch that only repeats itself',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?${query}`, REPEATING_PATCH, STRATEGIC_PATCH),
    refusal: strict(REPEATED),
    warnings: REPEATED,
  },
  {
    name: 'a JSON patch',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?${query}`, FAULTY_JSON_PATCH, JSON_PATCH),
    refusal: strict(IN_JSON_PATCH),
    warnings: IN_JSON_PATCH,
  },
  {
    name: 'an apply that creates',
    exists: false,
    send: (query, name) => server.api.patch(`${own(name)}?fieldManager=me&${query}`, FAULTY_YAML(name, false), APPLY),
    refusal: `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${APPLY_LINES.map((line) => `  ${line}`).join('\n')}`,
    warnings: APPLY_LINES,
  },
  {
    name: 'an apply that updates',
    exists: true,
    send: (query, name) => server.api.patch(`${own(name)}?fieldManager=me&force=true&${query}`, FAULTY_YAML(name, false), APPLY),
    refusal: `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${APPLY_LINES.map((line) => `  ${line}`).join('\n')}`,
    warnings: APPLY_LINES,
  },
]

let count = 0
async function target(exists: boolean): Promise<string> {
  const name = `validated-${++count}`
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  if (exists) await server.api.created(DEPLOYMENTS, { metadata: { name }, spec: { selector: { matchLabels: { app: 'a' } }, template } })
  return name
}

const warningsOf = ({ headers }: Answer): string[] => {
  const text = headers.warning ?? ''
  return [...text.matchAll(/299 - ("(?:[^"\\]|\\.)*")/g)].map((match) => JSON.parse(match[1]!) as string)
}

describe.each(rows)('$name', ({ send, exists, refusal, warnings }) => {
  it('is refused when that is asked for', async () => {
    const name = await target(exists)
    const { status, body } = await send('fieldValidation=Strict', name)
    expect([400, 422]).toContain(status)
    expect(body.message.endsWith(refusal), `${body.message}\n--\n${refusal}`).toBe(true)
  })

  it.each(['fieldValidation=Warn', ''])('is warned of with %j', async (query) => {
    const answer = await send(query, await target(exists))
    expect(answer.status, answer.text).toBe(exists ? 200 : 201)
    expect(warningsOf(answer)).toEqual(warnings)
  })

  it('is taken in silence when that is asked for', async () => {
    const answer = await send('fieldValidation=Ignore', await target(exists))
    expect([answer.status, warningsOf(answer)]).toEqual([exists ? 200 : 201, []])
  })
})

it('finds every fault of the options', async () => {
  const query = `fieldManager=${'x'.repeat(129)}&dryRun=Some&fieldValidation=Some`
  const { body } = await server.api.patch(`${DEPLOYMENTS}/x?${query}&force=true`, '{}', MERGE_PATCH)
  expect(body.message.startsWith('PatchOptions.meta.k8s.io "" is invalid: [')).toBe(true)
  expect(body.details.causes.map(({ field }: Json) => field)).toEqual(['force', 'fieldManager', 'dryRun', 'fieldValidation'])
  const deleted = await server.api.delete(`${DEPLOYMENTS}/x?propagationPolicy=Some&orphanDependents=true&dryRun=Some&fieldManager=ü\u0001`)
  expect(deleted.body.details.causes.map(({ field }: Json) => field)).toEqual(['propagationPolicy', 'propagationPolicy', 'dryRun'])
})

it('says what else fieldValidation could be', async () => {
  const { status, body } = await server.api.post(`${DEPLOYMENTS}?fieldValidation=Some`, FAULTY_JSON('x'))
  expect([status, body.message]).toEqual([
    422,
    'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
  ])
})
