import type { Schemas } from '../../api/schema.ts'
import type { ParsedJson } from '../../api/schema/scan-json.ts'
import { Protobuf } from './protobuf.ts'
import { decodeYaml, encodeYaml } from './yaml.ts'

/** The media types that bodies come and go in, beside JSON. */
export class Codecs {
  readonly #protobuf: Protobuf

  constructor(schemas: Schemas) {
    this.#protobuf = new Protobuf(schemas)
  }

  /** @throws ApiError 400, or Error with upstream's text when the bytes are no such thing */
  parse(mediaType: string, bytes: Buffer): ParsedJson {
    if (mediaType === 'application/yaml') return decodeYaml(bytes.toString())
    return { value: this.#protobuf.decode(bytes).value, repeatedKeys: undefined }
  }

  /** @param value a whole object, with its apiVersion and kind */
  encode(mediaType: string, value: object): Buffer {
    if (mediaType === 'application/yaml') return Buffer.from(encodeYaml(value))
    if (mediaType === 'application/vnd.kubernetes.protobuf') {
      const { apiVersion, kind } = value as { apiVersion: string; kind: string }
      return this.#protobuf.encode(apiVersion, kind, value)
    }
    return Buffer.from(JSON.stringify(value))
  }
}
