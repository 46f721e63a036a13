/** Every verb of a subresource, as its entry in registry/subresources allows it. */
import type { ResourceDefinition } from '../../api/definition.ts'
import type { Target } from '../../registry/context.ts'
import { findSubresource, type Subresource, type TextStream } from '../../registry/subresources/subresources.ts'
import { queryReader } from '../query.ts'
import { headersOf, NO_SUCH_PATH, sendBytes } from '../respond.ts'
import { representationOf, sendEncoded, sendResult } from './resource-answer.ts'
import { decodeBody, patchOf, replacementOf } from './resource-body.ts'
import { type Call, methodNotAllowed, patchOptions, type ResourceServer, targetOf, writeOptions } from './resource-call.ts'

export async function subresourceCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition, info, request } = call
  const subresource = findSubresource(definition, info.subresource)
  if (subresource === undefined || info.name === '') throw NO_SUCH_PATH
  const { context } = server
  const target = targetOf(call)
  const shown = subresource.shownAs?.(context, definition) ?? definition
  switch (request.method) {
    case 'GET': {
      if (subresource.text !== undefined) {
        return sendText(server, call, subresource.text(context, target, queryReader(call.query)))
      }
      if (subresource.get === undefined) throw methodNotAllowed()
      const representation = representationOf(server, call, shown)
      return sendEncoded(call, 200, representation, representation.object(subresource.get(context, target)))
    }
    case 'POST': {
      if (subresource.create === undefined) throw methodNotAllowed()
      const representation = representationOf(server, call, shown)
      const options = writeOptions(call, 'CreateOptions')
      const object = decodeBody(server, call, shown)
      return sendResult(call, representation, await subresource.create(context, target, object, options))
    }
    case 'PUT':
    case 'PATCH':
      return writeSubresource(server, call, subresource, shown, target)
    default:
      throw methodNotAllowed()
  }
}

function sendText({ streams }: ResourceServer, { reply }: Call, text: string | TextStream | undefined): void {
  if (typeof text === 'string') return sendBytes(reply, 200, 'text/plain', Buffer.from(text))
  reply.hijack()
  const { raw } = reply
  // Upstream: responsewriters StreamObject.
  if (text === undefined) {
    raw.writeHead(204, headersOf('text/plain')).end()
    return
  }
  raw.writeHead(200, { ...headersOf('text/plain'), 'transfer-encoding': 'chunked' })
  raw.flushHeaders()
  const stream = { end: () => raw.end() }
  streams.add(stream)
  const sending = text.start(
    (part) => raw.write(part),
    () => raw.end(),
  )
  raw.on('error', () => sending.stop())
  raw.on('close', () => {
    sending.stop()
    streams.delete(stream)
  })
}

async function writeSubresource(
  server: ResourceServer,
  call: Call,
  subresource: Subresource,
  shown: ResourceDefinition,
  target: Target,
): Promise<void> {
  if (subresource.update === undefined) throw methodNotAllowed()
  const isPatch = call.request.method === 'PATCH'
  if (isPatch && subresource.patches === false) throw methodNotAllowed()
  const representation = representationOf(server, call, shown)
  if (isPatch) {
    const options = { ...patchOptions(call), subresource: call.info.subresource }
    const change = patchOf(server, call, shown, options)
    return sendResult(call, representation, await subresource.update(server.context, target, change, options))
  }
  const options = { ...writeOptions(call, 'UpdateOptions'), subresource: call.info.subresource }
  const change = replacementOf(server, call, target, shown)
  sendResult(call, representation, await subresource.update(server.context, target, change, options))
}
