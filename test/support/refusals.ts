/** Why the server refuses to create or change an object of any kind. */
import { loadDefinitions } from '../../src/api/index.ts'
import { ApiError } from '../../src/api/meta/api-error.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../src/registry/strategy.ts'

const definitions = new Map(loadDefinitions().map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition]))
const METADATA = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }

function objectOf(path: string, fields: { metadata?: object }): KubeObject {
  const { setDefaults, namespaced } = definitions.get(path)!
  const { metadata, ...rest } = structuredClone(fields)
  const object = { metadata: { name: 'a', ...(namespaced ? { namespace: 'ns' } : {}), ...METADATA, ...metadata }, ...rest } as KubeObject
  setDefaults?.(object)
  return object
}

/** The causes of a refusal, as `field: message`. */
function causesOf(check: () => void): string[] {
  try {
    check()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { causes } = error.status().details as { causes: { field: string; message: string }[] }
    return causes.map(({ field, message }) => `${field}: ${message}`)
  }
  return []
}

/** `path` as in `apps/v1/deployments`; metadata that objects need is filled in. */
export const created = (path: string, fields: object): string[] =>
  causesOf(() => validateCreate(definitions.get(path)!, objectOf(path, fields)))
export const updated = (path: string, next: object, old: object): string[] =>
  causesOf(() => validateUpdate(definitions.get(path)!, objectOf(path, next), objectOf(path, old)))
export const statused = (path: string, next: object, old: object): string[] =>
  causesOf(() => validateStatusUpdate(definitions.get(path)!, objectOf(path, next), objectOf(path, old)))
