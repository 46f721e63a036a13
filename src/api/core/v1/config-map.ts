import { deepEqual } from '../../../lib/deep-equal.ts'
import { defineResource } from '../../definition.ts'
import { type FieldError, forbidden, invalid, NOWHERE, tooLong } from '../../meta/field-error.ts'
import type { ConfigMap } from '../../types.gen.ts'
import { isConfigMapKey, pushInvalid } from './formats.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

/** Of ConfigMaps and Secrets, in bytes. */
export const MAX_DATA_BYTES = 1024 * 1024
const IMMUTABLE_WHEN_SET = 'field is immutable when `immutable` is set'

export const configMap = defineResource<ConfigMap>('v1/configmaps', {
  validate,
  validateUpdate: (next, old) => checkImmutable(next, old, ['data', 'binaryData']),
  columns: [
    nameColumn,
    {
      name: 'Data',
      type: 'string',
      description: 'How many keys there are.',
      priority: 0,
      cell: ({ data, binaryData }) => countKeys(data) + countKeys(binaryData),
    },
    ageColumn,
  ],
})

export function countKeys(map: object | undefined): number {
  return map === undefined ? 0 : Object.keys(map).length
}

/** Of ConfigMaps and Secrets. Upstream: validation.go ValidateConfigMapUpdate. */
export function checkImmutable<K extends string>(
  next: { readonly immutable?: boolean | undefined } & { readonly [key in K]?: unknown },
  old: { readonly immutable?: boolean | undefined } & { readonly [key in K]?: unknown },
  fields: readonly K[],
): FieldError[] {
  if (old.immutable !== true) return []
  const errors: FieldError[] = []
  if (next.immutable !== true) errors.push(forbidden('immutable', IMMUTABLE_WHEN_SET))
  for (const field of fields) if (!deepEqual(next[field] ?? {}, old[field] ?? {})) errors.push(forbidden(field, IMMUTABLE_WHEN_SET))
  return errors
}

/** How many bytes a base64 text stands for. */
export function decodedLength(base64: string): number {
  return Buffer.byteLength(base64, 'base64')
}

function validate({ data, binaryData }: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const key in data) {
    pushInvalid(errors, `data[${key}]`, key, isConfigMapKey(key))
    if (binaryData?.[key] !== undefined) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    bytes += Buffer.byteLength(data[key]!)
  }
  for (const key in binaryData) {
    pushInvalid(errors, `binaryData[${key}]`, key, isConfigMapKey(key))
    bytes += decodedLength(binaryData[key]!)
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong(NOWHERE, MAX_DATA_BYTES))
  return errors
}
