/** create, update and patch. */
import type { Target } from '../../registry/context.ts'
import { create } from '../../registry/create.ts'
import { findSubresource } from '../../registry/subresources/subresources.ts'
import { update } from '../../registry/update.ts'
import { representationOf, sendResult } from './resource-answer.ts'
import { decodeBody, patchOf, replacementOf } from './resource-body.ts'
import { type Call, methodNotAllowed, patchOptions, type ResourceServer, targetOf, writeOptions } from './resource-call.ts'

export async function createCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition, info } = call
  if (!definition.verbs.includes('create')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const options = writeOptions(call, 'CreateOptions')
  const object = decodeBody(server, call, definition)
  const target: Target = { definition, namespace: info.namespace ?? '', name: '' }
  const virtual = findSubresource(definition, '')
  if (virtual !== undefined) return sendResult(call, representation, await virtual.create!(server.context, target, object, options))
  sendResult(call, representation, await create(server.context, target, object, options))
}

export async function updateCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition } = call
  if (!definition.verbs.includes('update')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const options = writeOptions(call, 'UpdateOptions')
  const target = targetOf(call)
  const change = replacementOf(server, call, target, definition)
  sendResult(call, representation, await update(server.context, target, change, options))
}

export async function patchCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition } = call
  if (!definition.verbs.includes('patch')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const options = patchOptions(call)
  const change = patchOf(server, call, definition, options)
  sendResult(call, representation, await update(server.context, targetOf(call), change, options))
}
