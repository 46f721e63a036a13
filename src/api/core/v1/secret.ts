import { defineResource } from '../../definition.ts'
import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts'
import type { Secret } from '../../types.gen.ts'
import { checkImmutable, countKeys, decodedLength, MAX_DATA_BYTES } from './config-map.ts'
import { IMMUTABLE, isConfigMapKey, pushInvalid } from './formats.ts'
import { jsonFault } from './json-fault.ts'
import { keyPairFault } from './key-pair.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'

const ACCOUNT_NAME_ANNOTATION = 'kubernetes.io/service-account.name'

/** Upstream: pkg/registry/core/secret/strategy.go. */
export const secret = defineResource<Secret>('v1/secrets', {
  setDefaults,
  prepareForUpdate: (secret, old) => {
    // A client that leaves the type out doesn't mean to change it.
    secret.type ||= old.type
  },
  validate,
  validateUpdate: (secret, old) => [
    ...(secret.type === old.type ? [] : [invalid('type', secret.type, IMMUTABLE)]),
    ...checkImmutable(secret, old, ['data']),
  ],
  warnings,
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', description: 'What the keys are for.', priority: 0, cell: ({ type }) => type ?? '' },
    { name: 'Data', type: 'string', description: 'How many keys there are.', priority: 0, cell: ({ data }) => countKeys(data) },
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? '' },
})

/** stringData is only for writing: it goes into data, over what is there. */
function setDefaults(secret: Secret): void {
  secret.type ||= 'Opaque'
  const { stringData } = secret
  if (stringData === undefined) return
  delete secret.stringData
  if (stringData === null || countKeys(stringData) === 0) return
  secret.data ??= {}
  for (const key in stringData) secret.data[key] = Buffer.from(stringData[key]!).toString('base64')
}

/** Upstream: strategy.go warningsForSecret. */
function warnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return []
  const pem = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString('latin1')
  const fault = keyPairFault(pem('tls.crt'), pem('tls.key'))
  return fault === undefined ? [] : [fault]
}

function validate({ data = {}, type, metadata }: Secret): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const key in data) {
    pushInvalid(errors, `data[${key}]`, key, isConfigMapKey(key))
    bytes += decodedLength(data[key]!)
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('data', MAX_DATA_BYTES))
  const checkPresent = (key: string): void => {
    if (data[key] === undefined) errors.push(required(`data[${key}]`))
  }
  switch (type) {
    case 'kubernetes.io/service-account-token':
      if (!metadata.annotations?.[ACCOUNT_NAME_ANNOTATION]) errors.push(required(`metadata.annotations[${ACCOUNT_NAME_ANNOTATION}]`))
      break
    case 'kubernetes.io/dockercfg':
      checkJson(errors, data, '.dockercfg')
      break
    case 'kubernetes.io/dockerconfigjson':
      checkJson(errors, data, '.dockerconfigjson')
      break
    case 'kubernetes.io/basic-auth':
      if (data.username === undefined && data.password === undefined) {
        checkPresent('username')
        checkPresent('password')
      }
      break
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(required('data[ssh-privatekey]'))
      break
    case 'kubernetes.io/tls':
      checkPresent('tls.crt')
      checkPresent('tls.key')
      break
  }
  return errors
}

function checkJson(errors: FieldError[], data: Readonly<Record<string, string>>, key: string): void {
  const encoded = data[key]
  if (encoded === undefined) {
    errors.push(required(`data[${key}]`))
    return
  }
  const fault = jsonFault(Buffer.from(encoded, 'base64').toString('utf8'), 'object', 'map[string]interface {}')
  if (fault !== undefined) errors.push(invalid(`data[${key}]`, '<secret contents redacted>', fault))
}
