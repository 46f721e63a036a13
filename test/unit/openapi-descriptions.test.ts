import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = new URL('../../openapi/', import.meta.url)
let folder: string

// biome-ignore lint/suspicious/noExplicitAny: documents are walked, not typed
const read = (file: string): any => JSON.parse(readFileSync(join(folder, file), 'utf8'))

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'descriptions-'))
  execFileSync(process.execPath, [fileURLToPath(new URL('generate-descriptions.mjs', root)), folder])
})

afterAll(() => rmSync(folder, { recursive: true }))

test('the described documents are those that are checked in', () => {
  expect(readdirSync(folder).sort()).toEqual(readdirSync(new URL('v3/', root)).sort())
  expect(Object.keys(read('index.json'))).toEqual(Object.keys(JSON.parse(readFileSync(new URL('v3/index.json', root), 'utf8'))))
})

test('types, fields and parameters say what they are for', () => {
  const { components, paths } = read('api__v1.json')
  const container = components.schemas['io.k8s.api.core.v1.Container']
  expect(container.description).toBe('A single application container that you want to run within a pod.')
  expect(container.properties.image.description).toMatch(/^Container image name\./)
  expect(container.properties.imagePullPolicy).toMatchObject({ enum: ['Always', 'IfNotPresent', 'Never'], type: 'string' })
  const { parameters } = paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch
  expect(parameters.find(({ name }: { name: string }) => name === 'force').description).toMatch(/^Force is going to "force" Apply requests/)
})

test('a field that only refers to a type says how that type is described, and keeps its reference', () => {
  const { properties } = read('apis__apps__v1.json').components.schemas['io.k8s.api.apps.v1.DeploymentSpec']
  expect(properties.strategy).toEqual({
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }],
    default: {},
    description: 'DeploymentStrategy describes how to replace existing pods with new ones.',
    'x-kubernetes-patch-strategy': 'retainKeys',
  })
  expect(properties.selector).toMatchObject({ description: expect.stringMatching(/^A label selector is/) })
})
