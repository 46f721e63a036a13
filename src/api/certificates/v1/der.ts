/** DER, as far as signing requests need it. X.690. */

export const SEQUENCE = 0x30
export const BIT_STRING = 0x03
export const OBJECT_IDENTIFIER = 0x06

export interface Element {
  readonly tag: number
  readonly content: Buffer
  /** With its tag and length. */
  readonly whole: Buffer
}

/** @throws Error when it is another element, or none */
export function expectTag(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Error(`tag ${tag} expected`)
  return element.content
}

/** @throws RangeError where the bytes end too soon */
export function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const first = bytes.readUInt8(at + 1)
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    const start = at + 2 + lengthBytes
    if (start + length > bytes.length) throw new RangeError('element is longer than what holds it')
    elements.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) })
    at = start + length
  }
  return elements
}
