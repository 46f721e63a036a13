/** The form of an answer: what the client accepts, and sending a write's result in it. */
import { badRequestError } from '../../api/meta/api-error.ts'
import type { ObjectResult } from '../../registry/context.ts'
import { booleanOf, textOf } from '../query.ts'
import { acceptedForm, Representation } from '../representation.ts'
import { sendBytes, wantsPretty } from '../respond.ts'
import type { IncludeObject } from '../table.ts'
import type { Call, ResourceServer } from './resource-call.ts'

export function representationOf(server: ResourceServer, call: Call, definition = call.definition, isWatch = false): Representation {
  const { query, request } = call
  const hasProtobuf = () => server.codecs.hasProtobuf(definition)
  const accepted = acceptedForm(request.headers.accept, { isWatch, hasTable: hasTable(call), hasProtobuf })
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
      isWatch,
      // A watch sends a line an event.
      isPretty: !isWatch && (accepted.isPretty || wantsPretty(request)),
      now: server.context.clock.now(),
    },
    server.codecs,
  )
}

/** Reviews have none, and of the subresources only these do. Upstream: who implements ConvertToTable in pkg/registry */
function hasTable({ definition, info }: Call): boolean {
  return info.subresource === '' ? definition.verbs.includes('get') : info.subresource === 'status' || info.subresource === 'scale'
}

export function sendResult(call: Call, representation: Representation, { bytes, isCreated }: ObjectResult): void {
  sendEncoded(call, isCreated ? 201 : 200, representation, representation.object(bytes))
}

/** @param bytes in the form of the representation */
export function sendEncoded({ reply }: Call, code: number, representation: Representation, bytes: Buffer): void {
  sendBytes(reply, code, representation.contentType, representation.ended(bytes))
}

const INCLUDES: readonly string[] = ['Metadata', 'Object', 'None']
