import { elementsOf, expectTag, OBJECT_IDENTIFIER, SEQUENCE } from './der.ts'

/** 2.5.4.10: organizationName */
const ORGANIZATION = Buffer.from([0x55, 0x04, 0x0a])

/** The organizations of the subject of a PEM signing request (RFC 2986): a user's groups. undefined when it can't be read. */
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
