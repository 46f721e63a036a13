import type { Reservation } from '../admission/admission.ts'
import { Entry } from '../storage/entry.ts'
import { type AlongsideUpdate, storageKey, type Write, type WriteFailure } from '../storage/storage.ts'
import type { RegistryContext } from './context.ts'
import { encoder } from './encode.ts'
import { trackFields } from './track-fields.ts'

/** Upstream: the name under which the API server writes to itself. */
const FIELD_MANAGER = 'kube-apiserver'

/** Writes to the store, and with it what admission reserved for the write in this step of the event loop. */
export async function writeReserved(
  context: RegistryContext,
  write: Write,
  reservations: readonly Reservation[],
): Promise<Entry | WriteFailure> {
  if (reservations.length === 0) return context.cache.write(write)
  const alongside = reservations.map((reservation) => updateOf(context, reservation))
  let result: Entry | WriteFailure | undefined
  try {
    result = await context.cache.write({ ...write, alongside })
    return result
  } finally {
    if (!(result instanceof Entry)) for (const reservation of reservations) reservation.fail()
  }
}

function updateOf(context: RegistryContext, reservation: Reservation): AlongsideUpdate {
  const { resource, old, next, expectedRevision } = reservation
  const definition = context.resources.stored(resource)
  trackFields(context, definition, 'status', old, next, FIELD_MANAGER)
  const made = reservation.begin()
  const encode = encoder(definition, next)
  return {
    key: storageKey(resource, next.metadata.namespace, next.metadata.name),
    expectedRevision,
    decoded: next,
    encode: (revision) => {
      made.revision = revision
      return encode(revision)
    },
  }
}
