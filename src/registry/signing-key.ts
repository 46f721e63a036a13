/** Where the key that signs service account tokens lives: beside the objects, as no object of the API, so that nobody reads it. */
import type { JWK } from 'jose'
import type { SigningKeyStore } from '../auth/service-account-tokens.ts'
import type { Cache } from '../storage/cache.ts'
import { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'

/** No group of the API: nothing under it is served. */
const KEY = storageKey('signing-keys.internal', '', 'service-accounts')

interface StoredKey {
  readonly jwk: JWK
}

export function signingKeyStore(cache: Cache): SigningKeyStore {
  const read = () => {
    const entry = cache.get(KEY)
    return entry === undefined ? undefined : (JSON.parse(entry.bytes.toString()) as StoredKey).jwk
  }
  return {
    read,
    keep: async (jwk) => {
      const stored: StoredKey = { jwk }
      const written = await cache.write({ type: 'create', key: KEY, encode: () => Buffer.from(JSON.stringify(stored)) })
      return written instanceof Entry ? jwk : read()!
    },
  }
}
