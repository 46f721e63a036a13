/** The object or the change in a request's body. */
import type { ResourceDefinition } from '../../api/definition.ts'
import type { KubeObject } from '../../api/object.ts'
import { applyChange } from '../../registry/apply.ts'
import type { Target } from '../../registry/context.ts'
import { checkIdentity } from '../../registry/update.ts'
import { bodyMediaType } from '../codecs/negotiate.ts'
import { applyWarnings, decodePatchBody, type PatchBody } from '../codecs/patch-body.ts'
import { applyOptionsOf } from '../field-manager.ts'
import { fieldValidationOf } from '../query.ts'
import { bodyOf, type Call, type PatchWriteOptions, patchTypeOf, type ResourceServer } from './resource-call.ts'

export function decodeBody(server: ResourceServer, call: Call, definition: ResourceDefinition): KubeObject {
  const mediaType = bodyMediaType(call.request.headers['content-type'])
  return server.codecs.decode(bodyOf(call.request), mediaType, definition, fieldValidationOf(call.query), call.warn)
}

/** The body of a PUT, whose faults come before a missing object. Decoded anew when the update is tried again. @throws ApiError */
export function replacementOf(server: ResourceServer, call: Call, target: Target, definition: ResourceDefinition): () => KubeObject {
  let decoded: KubeObject | undefined = decodeBody(server, call, definition)
  checkIdentity(target, decoded)
  return () => {
    const object = decoded ?? decodeBody(server, call, definition)
    decoded = undefined
    return object
  }
}

/** What the patch makes of an object; of none only an apply makes one. @throws ApiError 400, 415, 422 */
export function patchOf(
  server: ResourceServer,
  call: Call,
  definition: ResourceDefinition,
  { isApply }: PatchWriteOptions,
): (current: KubeObject | undefined) => KubeObject {
  const { context, codecs } = server
  const fieldValidation = fieldValidationOf(call.query)
  const patchType = patchTypeOf(call)
  const decode = () => decodePatchBody(bodyOf(call.request), patchType, fieldValidation)
  if (isApply) {
    const body = decode()
    applyWarnings(body, fieldValidation).forEach(call.warn)
    return applyChange(context, definition, body.patch, { ...applyOptionsOf(call.query), subresource: call.info.subresource })
  }
  // That there is nothing to patch comes before the patch's faults.
  let body: PatchBody | undefined
  return (current) => {
    body ??= decode()
    return codecs.patch(current!, body, definition, fieldValidation, call.warn)
  }
}
