/** DER, as far as it is needed to find whom a certificate is asked for. RFC 2986, X.690. */

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
/** 2.5.4.10: organizationName */
const ORGANIZATION = Buffer.from([0x55, 0x04, 0x0a])

interface Element {
  readonly tag: number
  readonly content: Buffer
}

/** The organizations of the subject of a PEM signing request: a user's groups. undefined when it can't be read. */
export function organizationsOf(pem: string): readonly string[] | undefined {
  const base64 = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+?)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(pem)?.[1]
  if (base64 === undefined) return undefined
  try {
    const [request] = elementsOf(Buffer.from(base64, 'base64'))
    const [info] = elementsOf(expectTag(request, SEQUENCE))
    const [, subject] = elementsOf(expectTag(info, SEQUENCE))
    return elementsOf(expectTag(subject, SEQUENCE)).flatMap(({ content: names }) =>
      elementsOf(names).flatMap((name) => {
        const [type, value] = elementsOf(expectTag(name, SEQUENCE))
        return expectTag(type, OBJECT_IDENTIFIER).equals(ORGANIZATION) ? [value?.content.toString('utf8') ?? ''] : []
      }),
    )
  } catch {
    return undefined
  }
}

function expectTag(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Error(`tag ${tag} expected`)
  return element.content
}

/** @throws RangeError where the bytes end too soon */
function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const first = bytes.readUInt8(at + 1)
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    const start = at + 2 + lengthBytes
    if (start + length > bytes.length) throw new RangeError('element is longer than what holds it')
    elements.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return elements
}
