/** delete and deletecollection. */
import { deletedStatus, deleteObject } from '../../registry/delete.ts'
import { deleteCollection } from '../../registry/delete-collection.ts'
import { listOptionsOf } from '../query.ts'
import { sendBody } from '../respond.ts'
import { representationOf, sendEncoded } from './resource-answer.ts'
import { type Call, deleteOptions, methodNotAllowed, type ResourceServer, targetOf } from './resource-call.ts'

export async function deleteCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition } = call
  if (!definition.verbs.includes('delete')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const { asked, options } = deleteOptions(call, server.codecs)
  const target = targetOf(call)
  const result = await deleteObject(server.context, target, asked, options)
  if (result.isGone && !definition.returnsDeletedObject)
    return sendEncoded(call, 200, representation, representation.status(deletedStatus(target, result.object)))
  sendEncoded(call, result.code, representation, representation.object(result.bytes))
}

export async function deleteCollectionCall(server: ResourceServer, call: Call): Promise<void> {
  const { definition, info, query } = call
  const isEverywhere = definition.namespaced && info.namespace === undefined
  if (isEverywhere || !definition.verbs.includes('deletecollection')) throw methodNotAllowed()
  const representation = representationOf(server, call)
  const { asked, options } = deleteOptions(call, server.codecs)
  const deleted = await deleteCollection(server.context, definition, info.namespace, listOptionsOf(query), asked, options)
  await sendBody(call.reply, representation.contentType, representation.list(deleted))
}
