import { afterAll, beforeAll, expect, it } from 'vitest'
import { Conformance, expectRefused } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const SPEC =
  '"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx:latest"}]}}'
const deployment = (metadata: string, spec: string) =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"my-dep",${metadata}"labels":{"app":"nginx"}},"spec":{${spec}${SPEC}}}`

/** Bytes, since an object can't have a field twice. */
async function refusal(body: string): Promise<string> {
  const namespace = await e2e.namespace('field-validation')
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments?fieldManager=field_validation_mgr&fieldValidation=Strict`
  const answer = await e2e.api.post(path, body)
  expect([answer.status, answer.body.reason]).toEqual([400, 'BadRequest'])
  await expectRefused(e2e.client('apps/v1/deployments', namespace).get('my-dep'), 'NotFound')
  return answer.body.message
}

it('[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object', async () => {
  expect(await refusal(deployment('', '"unknownField":"foo","replicas":2,"replicas":3,'))).toContain(
    'strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"',
  )
})

it('[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object', async () => {
  expect(await refusal(deployment('"unknownMeta":"foo",', ''))).toContain('strict decoding error: unknown field "metadata.unknownMeta"')
})
