/** get, list and watch. */
import { ApiError } from '../../api/meta/api-error.ts'
import { untilFresh, untilFreshForGet } from '../../registry/freshness.ts'
import { getEntry } from '../../registry/get.ts'
import { list } from '../../registry/list.ts'
import { checkWatchOptions } from '../../registry/list-options.ts'
import { type Watch, type WatchOptions, watch } from '../../registry/watch.ts'
import { booleanOf, integerOf, listOptionsOf, textOf } from '../query.ts'
import { headersOf, sendBody } from '../respond.ts'
import { WatchStream } from '../watch-stream.ts'
import { representationOf, sendEncoded } from './resource-answer.ts'
import { type Call, methodNotAllowed, type ResourceServer, targetOf } from './resource-call.ts'

/** Upstream: `--min-request-timeout`; a watch lasts between this and twice this. */
const MIN_WATCH_MS = 1800_000

export async function getCall(server: ResourceServer, call: Call): Promise<void> {
  if (!call.definition.verbs.includes('get')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  await untilFreshForGet(server.context, textOf(call.query, 'resourceVersion'))
  const entry = getEntry(server.context, targetOf(call))
  sendEncoded(call, 200, representation, representation.entry(entry))
}

export async function listCall(server: ResourceServer, call: Call): Promise<void> {
  if (!call.definition.verbs.includes('list')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const options = { ...listOptionsOf(call.query), name: call.info.name || undefined }
  await untilFresh(server.context, options.resourceVersion)
  await sendBody(
    call.reply,
    representation.contentType,
    representation.list(list(server.context, call.definition, call.info.namespace, options)),
  )
}

export async function watchCall(server: ResourceServer, call: Call): Promise<void> {
  const { context, streams } = server
  const { definition, info, query } = call
  const representation = representationOf(server, call, definition, true)
  const listOptions = listOptionsOf(query)
  const { sendInitialEvents, resourceVersion, resourceVersionMatch } = listOptions
  checkWatchOptions(listOptions)
  const allowsBookmarks = booleanOf(query, 'allowWatchBookmarks') === true
  // Upstream: SetListOptionsDefaults makes a streamed list of a watch that begins with the state of now.
  const isStreamedList = sendInitialEvents ?? (!resourceVersionMatch && (!resourceVersion || resourceVersion === '0'))
  const started = await startWatch(server, call, { ...listOptions, name: info.name || undefined })
  const timeoutSeconds = integerOf(query, 'timeoutSeconds')
  call.reply.hijack()
  const stream = new WatchStream(call.reply.raw, {
    definition,
    representation,
    clock: context.clock,
    timeoutMs: timeoutSeconds ? timeoutSeconds * 1000 : MIN_WATCH_MS * (1 + context.random.next()),
    allowsBookmarks,
    marksInitialEnd: allowsBookmarks && isStreamedList,
    isShared: !listOptions.labelSelector && !listOptions.fieldSelector && info.name === '',
    currentRevision: () => context.cache.revision,
  })
  streams.add(stream)
  call.reply.raw.on('close', () => streams.delete(stream))
  stream.start(started, headersOf(representation.contentType))
}

/** An ApiError for what upstream only finds out when the answer has begun: it ends the stream. Throws all else. */
async function startWatch(server: ResourceServer, { definition, info }: Call, options: WatchOptions): Promise<Watch | ApiError> {
  try {
    await untilFresh(server.context, options.resourceVersion)
    return watch(server.context, definition, info.namespace, options)
  } catch (error) {
    if (error instanceof ApiError && (error.code === 410 || error.code === 504)) return error
    throw error
  }
}
