/** The generic endpoints of every resource: one route, whose meaning is worked out from the path. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ResourceDefinition } from '../../api/definition.ts'
import { ApiError, badRequestError } from '../../api/meta/api-error.ts'
import type { KubeObject } from '../../api/object.ts'
import { applyChange } from '../../registry/apply.ts'
import type { ObjectResult, RegistryContext, Target, User, WriteOptions } from '../../registry/context.ts'
import { create } from '../../registry/create.ts'
import { deletedStatus, deleteObject } from '../../registry/delete.ts'
import { deleteCollection } from '../../registry/delete-collection.ts'
import { checkFreshness, getEntry } from '../../registry/get.ts'
import { list } from '../../registry/list.ts'
import { checkWatchOptions } from '../../registry/list-options.ts'
import { findSubresource, type Subresource } from '../../registry/subresources/subresources.ts'
import { checkIdentity, update } from '../../registry/update.ts'
import { type Watch, type WatchOptions, watch } from '../../registry/watch.ts'
import type { Codecs } from '../codecs/codecs.ts'
import { bodyMediaType } from '../codecs/negotiate.ts'
import { applyWarnings, decodePatchBody } from '../codecs/patch-body.ts'
import { applyOptionsOf } from '../field-manager.ts'
import { booleanOf, fieldValidationOf, integerOf, listOptionsOf, type Query, textOf } from '../query.ts'
import { acceptedForm, Representation } from '../representation.ts'
import { parseRequestInfo } from '../request-info.ts'
import { headersOf, NO_SUCH_PATH, sendBody, sendBytes, sendJson, UNKNOWN_PATH, wantsPretty } from '../respond.ts'
import type { IncludeObject } from '../table.ts'
import { WatchStream } from '../watch-stream.ts'
import {
  apiVersionOf,
  bodyOf,
  type Call,
  deleteOptions,
  methodNotAllowed,
  type PatchWriteOptions,
  patchOptions,
  patchTypeOf,
  targetOf,
  writeOptions,
} from './resource-call.ts'

export interface ResourceRoutesOptions {
  readonly context: RegistryContext
  readonly codecs: Codecs
  readonly userOf: (request: FastifyRequest) => User
  /** Watches that are open, to be ended when the server closes. */
  readonly streams: Set<WatchStream>
}

/** Upstream: `--min-request-timeout`; a watch lasts between this and twice this. */
const MIN_WATCH_MS = 1800_000

export function registerResourceRoutes(app: FastifyInstance, options: ResourceRoutesOptions): void {
  const routes = new ResourceRoutes(options)
  const handler = (request: FastifyRequest, reply: FastifyReply) => routes.handle(request, reply)
  for (const url of ['/api/*', '/apis/*']) app.all(url, handler)
}

class ResourceRoutes {
  readonly #options: ResourceRoutesOptions

  constructor(options: ResourceRoutesOptions) {
    this.#options = options
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const url = request.raw.url!
    const question = url.indexOf('?')
    const info = parseRequestInfo(question < 0 ? url : url.slice(0, question))
    const definition = info && this.#options.context.resources.find(info.apiVersion, info.resource)
    if (info === undefined || definition === undefined) {
      const isServed = this.#options.context.resources.hasVersion(apiVersionOf(url))
      throw isServed ? NO_SUCH_PATH : UNKNOWN_PATH
    }
    // A namespace in the path of a cluster-scoped resource, or none where an object needs one, is no path of upstream's.
    if (!definition.namespaced && info.namespace !== undefined) throw NO_SUCH_PATH
    if (definition.namespaced && info.namespace === undefined && info.name !== '' && !info.isWatchPath) throw NO_SUCH_PATH
    const call: Call = { request, reply, definition, info, query: request.query as Query, user: this.#options.userOf(request) }
    if (info.subresource !== '') return this.#subresource(call)
    return info.name === '' ? this.#collection(call) : this.#object(call)
  }

  #collection(call: Call): Promise<void> | void {
    const { definition, query, info } = call
    switch (call.request.method) {
      case 'GET':
      case 'HEAD':
        return booleanOf(query, 'watch') || info.isWatchPath ? this.#watch(call) : this.#list(call)
      case 'POST':
        if (definition.namespaced && info.namespace === undefined) throw methodNotAllowed()
        return this.#create(call)
      case 'DELETE':
        return this.#deleteCollection(call)
      default:
        throw methodNotAllowed()
    }
  }

  #object(call: Call): Promise<void> | void {
    switch (call.request.method) {
      case 'GET':
      case 'HEAD':
        return call.info.isWatchPath ? this.#watch(call) : this.#get(call)
      case 'PUT':
        return this.#update(call)
      case 'PATCH':
        return this.#patch(call)
      case 'DELETE':
        return this.#delete(call)
      default:
        throw methodNotAllowed()
    }
  }

  #get(call: Call): void {
    if (!call.definition.verbs.includes('get')) throw methodNotAllowed()
    const representation = this.#representation(call)
    checkFreshness(this.#options.context, textOf(call.query, 'resourceVersion'))
    const entry = getEntry(this.#options.context, targetOf(call))
    sendBytes(call.reply, 200, representation.contentType, representation.entry(entry))
  }

  #list(call: Call): Promise<void> {
    if (!call.definition.verbs.includes('list')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const options = { ...listOptionsOf(call.query), name: call.info.name || undefined }
    return sendBody(
      call.reply,
      representation.contentType,
      representation.list(list(this.#options.context, call.definition, call.info.namespace, options)),
    )
  }

  #watch(call: Call): void {
    const { context, streams } = this.#options
    const { definition, info, query } = call
    const representation = this.#representation(call, definition, true)
    const listOptions = listOptionsOf(query)
    const { sendInitialEvents, resourceVersion, resourceVersionMatch } = listOptions
    checkWatchOptions(listOptions)
    const allowsBookmarks = booleanOf(query, 'allowWatchBookmarks') === true
    // Upstream: SetListOptionsDefaults makes a streamed list of a watch that begins with the state of now.
    const isStreamedList = sendInitialEvents ?? (!resourceVersionMatch && (!resourceVersion || resourceVersion === '0'))
    const started = this.#startWatch(call, { ...listOptions, name: info.name || undefined })
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
    stream.start(started, headersOf(representation.contentType, []) as Record<string, string>)
  }

  /** An ApiError for what upstream only finds out when the answer has begun: it ends the stream. Throws all else. */
  #startWatch({ definition, info }: Call, options: WatchOptions): Watch | ApiError {
    try {
      return watch(this.#options.context, definition, info.namespace, options)
    } catch (error) {
      if (error instanceof ApiError && (error.code === 410 || error.code === 504)) return error
      throw error
    }
  }

  async #create(call: Call): Promise<void> {
    const { definition, info } = call
    if (!definition.verbs.includes('create')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const options = writeOptions(call, 'CreateOptions')
    const object = this.#decode(call, definition, 'CreateOptions', options.warnings)
    const target: Target = { definition, namespace: info.namespace ?? '', name: '' }
    const virtual = findSubresource(definition, '')
    if (virtual !== undefined)
      return this.#answer(call, representation, await virtual.create!(this.#options.context, target, object, options), options)
    this.#answer(call, representation, await create(this.#options.context, target, object, options), options)
  }

  async #update(call: Call): Promise<void> {
    const { definition } = call
    if (!definition.verbs.includes('update')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const options = writeOptions(call, 'UpdateOptions')
    const target = targetOf(call)
    const change = this.#replacementOf(call, target, definition, 'UpdateOptions', options.warnings)
    this.#answer(call, representation, await update(this.#options.context, target, change, options), options)
  }

  async #patch(call: Call): Promise<void> {
    const { definition } = call
    if (!definition.verbs.includes('patch')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const options = patchOptions(call)
    const change = this.#patchOf(call, definition, options)
    this.#answer(call, representation, await update(this.#options.context, targetOf(call), change, options), options)
  }

  async #delete(call: Call): Promise<void> {
    const { definition } = call
    if (!definition.verbs.includes('delete')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const { asked, options } = deleteOptions(call, this.#options.codecs)
    const target = targetOf(call)
    const result = await deleteObject(this.#options.context, target, asked, options)
    if (result.isGone && !definition.returnsDeletedObject)
      return sendJson(call.reply, 200, deletedStatus(target, result.object), options.warnings)
    sendBytes(call.reply, result.code, representation.contentType, representation.object(result.bytes), options.warnings)
  }

  async #deleteCollection(call: Call): Promise<void> {
    const { definition, info, query } = call
    const isEverywhere = definition.namespaced && info.namespace === undefined
    if (isEverywhere || !definition.verbs.includes('deletecollection')) throw methodNotAllowed()
    const representation = this.#representation(call)
    const { asked, options } = deleteOptions(call, this.#options.codecs)
    const deleted = await deleteCollection(this.#options.context, definition, info.namespace, listOptionsOf(query), asked, options)
    await sendBody(call.reply, representation.contentType, representation.list(deleted))
  }

  async #subresource(call: Call): Promise<void> {
    const { definition, info, request } = call
    const subresource = findSubresource(definition, info.subresource)
    if (subresource === undefined || info.name === '') throw NO_SUCH_PATH
    const { context } = this.#options
    const target = targetOf(call)
    const shown = subresource.shownAs?.(context, definition) ?? definition
    switch (request.method) {
      case 'GET':
      case 'HEAD': {
        if (subresource.text !== undefined) {
          const text = subresource.text(context, target, call.query)
          return sendBytes(call.reply, 200, 'text/plain', Buffer.from(text))
        }
        if (subresource.get === undefined) throw methodNotAllowed()
        const representation = this.#representation(call, shown)
        return sendBytes(call.reply, 200, representation.contentType, representation.object(subresource.get(context, target)))
      }
      case 'POST': {
        if (subresource.create === undefined) throw methodNotAllowed()
        const representation = this.#representation(call, shown)
        const options = writeOptions(call, 'CreateOptions')
        const object = this.#decode(call, shown, 'CreateOptions', options.warnings)
        return this.#answer(call, representation, await subresource.create(context, target, object, options), options)
      }
      case 'PUT':
      case 'PATCH':
        return this.#writeSubresource(call, subresource, shown, target)
      default:
        throw methodNotAllowed()
    }
  }

  async #writeSubresource(call: Call, subresource: Subresource, shown: ResourceDefinition, target: Target): Promise<void> {
    if (subresource.update === undefined) throw methodNotAllowed()
    const isPatch = call.request.method === 'PATCH'
    if (isPatch && subresource.patches === false) throw methodNotAllowed()
    const representation = this.#representation(call, shown)
    if (isPatch) {
      const options = { ...patchOptions(call), subresource: call.info.subresource }
      const change = this.#patchOf(call, shown, options)
      return this.#answer(call, representation, await subresource.update(this.#options.context, target, change, options), options)
    }
    const options = { ...writeOptions(call, 'UpdateOptions'), subresource: call.info.subresource }
    const change = this.#replacementOf(call, target, shown, 'UpdateOptions', options.warnings)
    this.#answer(call, representation, await subresource.update(this.#options.context, target, change, options), options)
  }

  #answer(call: Call, representation: Representation, { bytes, isCreated }: ObjectResult, { warnings }: WriteOptions): void {
    sendBytes(call.reply, isCreated ? 201 : 200, representation.contentType, representation.object(bytes), warnings)
  }

  #representation(call: Call, definition = call.definition, isWatch = false): Representation {
    const { query, request } = call
    const accepted = acceptedForm(request.headers.accept, isWatch)
    const includeObject = textOf(query, 'includeObject') || 'Metadata'
    if (accepted.as === 'Table' && !INCLUDES.includes(includeObject)) {
      const fault = `includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`
      throw badRequestError(`Unable to convert to Table as requested: ${fault}`)
    }
    return new Representation(
      {
        definition,
        accepted,
        includeObject: includeObject as IncludeObject,
        noHeaders: booleanOf(query, 'noHeaders') === true,
        // A watch sends a line an event.
        isPretty: !isWatch && (accepted.isPretty || wantsPretty(request)),
        now: this.#options.context.clock.now(),
      },
      this.#options.codecs,
    )
  }

  #decode(call: Call, definition: ResourceDefinition, optionsKind: string, warnings: string[]): KubeObject {
    const mediaType = bodyMediaType(call.request.headers['content-type'])
    warnings.length = 0
    return this.#options.codecs.decode(bodyOf(call.request), mediaType, definition, fieldValidationOf(call.query, optionsKind), warnings)
  }

  /** The body of a PUT, whose faults come before a missing object. Decoded anew when the update is tried again. @throws ApiError */
  #replacementOf(call: Call, target: Target, definition: ResourceDefinition, optionsKind: string, warnings: string[]): () => KubeObject {
    let decoded: KubeObject | undefined = this.#decode(call, definition, optionsKind, warnings)
    checkIdentity(target, decoded)
    return () => {
      const object = decoded ?? this.#decode(call, definition, optionsKind, warnings)
      decoded = undefined
      return object
    }
  }

  /** What the patch makes of an object; of none only an apply makes one. @throws ApiError 400, 415, 422 */
  #patchOf(
    call: Call,
    definition: ResourceDefinition,
    { warnings, isApply }: PatchWriteOptions,
  ): (current: KubeObject | undefined) => KubeObject {
    const { context, codecs } = this.#options
    const fieldValidation = fieldValidationOf(call.query, 'PatchOptions')
    const body = decodePatchBody(bodyOf(call.request), patchTypeOf(call), fieldValidation)
    if (isApply) {
      warnings.push(...applyWarnings(body, fieldValidation))
      return applyChange(context, definition, body.patch, { ...applyOptionsOf(call.query), subresource: call.info.subresource })
    }
    return (current) => {
      warnings.length = 0
      return codecs.patch(current!, body, definition, fieldValidation, warnings)
    }
  }
}

const INCLUDES: readonly string[] = ['Metadata', 'Object', 'None']
