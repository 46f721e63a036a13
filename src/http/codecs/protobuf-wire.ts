/** The wire format of protocol buffers: varints, lengths, tags. */

/** A body that isn't what it says it is; the message is upstream's. */
export class ProtobufError extends Error {}

export const WIRE_VARINT = 0
export const WIRE_FIXED64 = 1
export const WIRE_BYTES = 2
const WIRE_FIXED32 = 5

const MAX_VARINT_BYTES = 10

export class Reader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start = 0) {
    this.#bytes = bytes
    this.#at = start
    this.#end = bytes.length
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  /** Of up to 64 bits, signed. Beyond 2^53 it is rounded, as any JSON number of that size. */
  int64(): number {
    const start = this.#at
    let value = 0
    let scale = 1
    for (let n = 0; n < 7; n++) {
      if (this.#at >= this.#end) throw new ProtobufError('unexpected EOF')
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    this.#at = start
    return this.#longInt64()
  }

  /** More than 49 bits, or negative: too many for a double to add up. */
  #longInt64(): number {
    let value = 0n
    for (let n = 0; n < MAX_VARINT_BYTES; n++) {
      if (this.#at >= this.#end) throw new ProtobufError('unexpected EOF')
      const byte = this.#bytes[this.#at++]!
      value |= BigInt(byte & 0x7f) << BigInt(7 * n)
      if (byte < 0x80) return Number(BigInt.asIntN(64, value))
    }
    throw new ProtobufError('proto: integer overflow')
  }

  double(): number {
    if (this.#at + 8 > this.#end) throw new ProtobufError('unexpected EOF')
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.int64()
    if (length < 0) throw new ProtobufError('proto: negative length found during unmarshaling')
    const start = this.#at
    if (start + length > this.#end) throw new ProtobufError('unexpected EOF')
    this.#at = start + length
    return this.#bytes.subarray(start, start + length)
  }

  skip(wireType: number): void {
    if (wireType === WIRE_VARINT) this.int64()
    else if (wireType === WIRE_BYTES) this.bytes()
    else if (wireType === WIRE_FIXED64) this.#at += 8
    else if (wireType === WIRE_FIXED32) this.#at += 4
    else throw new ProtobufError(`proto: illegal wireType ${wireType}`)
    if (this.#at > this.#end) throw new ProtobufError('unexpected EOF')
  }
}

export class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(1024)
  #at = 0

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  tag(field: number, wireType: number): void {
    this.int64(field * 8 + wireType)
  }

  int64(value: number): void {
    this.#reserve(MAX_VARINT_BYTES)
    if (value >= 0 && value <= 0x7fff_ffff) {
      let rest = value
      while (rest > 0x7f) {
        this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
        rest >>>= 7
      }
      this.#bytes[this.#at++] = rest
      return
    }
    let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)))
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  string(text: string): void {
    const length = Buffer.byteLength(text)
    this.int64(length)
    this.#reserve(length)
    this.#at += this.#bytes.write(text, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    this.int64(bytes.length)
    this.raw(bytes)
  }

  /** What `write` writes, after its length. */
  nested(write: () => void): void {
    this.#reserve(1)
    const start = ++this.#at
    write()
    const length = this.#at - start
    if (length < 0x80) {
      this.#bytes[start - 1] = length
      return
    }
    // One byte was set aside, enough for almost all; longer content moves up.
    let extra = 0
    for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 128)) extra++
    this.#reserve(extra)
    this.#bytes.copyWithin(start + extra, start, this.#at)
    const end = this.#at + extra
    // int64 reserves more than it writes, which must not move what was just placed: the space is there already.
    this.#at = start - 1
    this.int64(length)
    this.#at = end
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length))
    this.#bytes.copy(grown, 0, 0, this.#bytes.length)
    this.#bytes = grown
  }
}
