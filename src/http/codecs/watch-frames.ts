/** Watch events as bytes on a stream: JSON lines, or protobuf messages each after its length. */
import { type MediaType, PROTOBUF_TYPE } from './negotiate.ts'
import { WIRE_BYTES, Writer } from './protobuf-wire.ts'

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

export interface WatchFraming {
  /** The Content-Type of the stream. */
  readonly contentType: string
  /** @param object encoded as the stream's media type has it. @returns the parts of one event, to be sent one after the other */
  frame(type: WatchEventType, object: Buffer): readonly Buffer[]
}

const TYPES: readonly WatchEventType[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']
const HEADS = Object.fromEntries(TYPES.map((type) => [type, Buffer.from(`{"type":"${type}","object":`)])) as Record<WatchEventType, Buffer>
const TAIL = Buffer.from('}\n')

const jsonLines: WatchFraming = {
  contentType: 'application/json',
  frame: (type, object) => [HEADS[type], object, TAIL],
}

/** Upstream: protobuf.LengthDelimitedFramer around a bare meta.v1.WatchEvent; the object in it is a whole body, magic included. */
const protobufMessages: WatchFraming = {
  contentType: `${PROTOBUF_TYPE};stream=watch`,
  frame: (type, object) => {
    const writer = new Writer()
    writer.tag(1, WIRE_BYTES)
    writer.string(type)
    writer.tag(2, WIRE_BYTES)
    // The RawExtension around it: a tag, a length, the bytes.
    writer.int64(1 + lengthOfVarint(object.length) + object.length)
    writer.tag(1, WIRE_BYTES)
    writer.int64(object.length)
    const head = writer.finish()
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(head.length + object.length)
    return [length, head, object]
  },
}

function lengthOfVarint(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++
  return length
}

export function watchFraming(mediaType: MediaType): WatchFraming {
  return mediaType === PROTOBUF_TYPE ? protobufMessages : jsonLines
}
