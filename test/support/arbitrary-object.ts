import fc from 'fast-check'
import type { Schemas, ValueSchema } from '../../src/api/schema.ts'

/** JSON objects of a type, a few levels deep, without lists and maps that are empty. */
export function objectOf(schemas: Schemas, typeName: string, depth = 5): fc.Arbitrary<Record<string, unknown>> {
  const record: Record<string, fc.Arbitrary<unknown>> = {}
  for (const field of schemas.type(typeName).fields.values()) {
    if (depth <= 0 && !isLeaf(field)) continue
    record[field.name] = fc.option(anyValue(schemas, field, depth), { nil: undefined, freq: 1 })
  }
  return fc.record(record).map((object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)))
}

function isLeaf({ kind, items }: ValueSchema): boolean {
  return kind === 'list' || kind === 'map' ? isLeaf(items!) : kind !== 'object'
}

const text = fc.constantFrom('a', 'web', 'ü', 'x/y.z', '__proto__', '10')

function anyValue(schemas: Schemas, schema: ValueSchema, depth: number): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case 'string':
      return text
    case 'boolean':
      return fc.boolean()
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 42))
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0))
    case 'bytes':
      return fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    case 'time':
      return fc.constantFrom('2026-01-02T03:04:05Z', '1970-01-01T00:00:01Z', '1969-12-31T23:59:58Z')
    case 'microTime':
      return fc.constantFrom('2026-01-02T03:04:05.678900Z', '2026-01-02T03:04:05.000001Z')
    case 'duration':
      return fc.constantFrom('15s', '1m30s', '250ms', '1.5s', '1h0m0s', '0s')
    case 'quantity':
      return fc.constantFrom('500m', '1Gi', '1e3', '0')
    case 'intOrString':
      return fc.constantFrom<unknown>(0, 8080, 'http', '25%')
    case 'json':
      return fc.constantFrom<unknown>({ a: [1, null, { b: 'c' }] }, { kind: 'X' })
    case 'list':
      return fc.array(anyValue(schemas, schema.items!, depth - 1), { minLength: 1, maxLength: 2 })
    case 'map':
      return fc.dictionary(text, anyValue(schemas, schema.items!, depth - 1), { minKeys: 1, maxKeys: 2, noNullPrototype: true })
    case 'object':
      return objectOf(schemas, schema.ref!, depth - 1)
    case 'schemaOrBool':
      return fc.constantFrom<unknown>(true, false, { type: 'string' })
    case 'schemaOrArray':
      return fc.constantFrom<unknown>({ type: 'string' }, [{ type: 'string' }])
    case 'schemaOrStringArray':
      return fc.constantFrom<unknown>({ type: 'string' }, ['a', 'b'])
  }
}
