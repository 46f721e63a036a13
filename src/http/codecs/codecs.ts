/** Bytes to objects and back, for every media type that is served. */
import type { ResourceDefinition, Warn } from '../../api/definition.ts'
import type { KubeObject } from '../../api/object.ts'
import type { FieldValidation } from '../../api/schema/decode-object.ts'
import type { Schemas } from '../../api/schema.ts'
import type { DeleteOptions } from '../../api/types.gen.ts'
import { type MediaType, PROTOBUF_TYPE, YAML_TYPE } from './negotiate.ts'
import { applyPatchBody, type PatchBody } from './patch-body.ts'
import { decodePatchedObject } from './patched-object.ts'
import { Protobuf } from './protobuf.ts'
import { RequestBodies } from './request-body.ts'
import { encodeYaml } from './yaml.ts'

export class Codecs {
  readonly #schemas: Schemas
  readonly #protobuf: Protobuf
  readonly #bodies: RequestBodies

  constructor(schemas: Schemas) {
    this.#schemas = schemas
    this.#protobuf = new Protobuf(schemas)
    this.#bodies = new RequestBodies(schemas, this.#protobuf)
  }

  /** @param warn receives what fieldValidation=Warn has to say. @throws ApiError 400 */
  decode(body: Buffer, mediaType: MediaType, definition: ResourceDefinition, fieldValidation: FieldValidation, warn: Warn): KubeObject {
    const { group, version, kind, schema, alsoTakes } = definition
    const decoded = this.#bodies.decode(body, mediaType, { group, version, kind, typeName: schema, alsoTakes }, fieldValidation)
    decoded.warnings.forEach(warn)
    decoded.object.metadata ??= {}
    return decoded.object as unknown as KubeObject
  }

  /** @throws ApiError 400 */
  decodeDeleteOptions(body: Buffer, mediaType: MediaType): DeleteOptions {
    return this.#bodies.decodeDeleteOptions(body, mediaType) as DeleteOptions
  }

  /** What the patch makes of `current`, which is left as it is. @throws ApiError */
  patch(current: KubeObject, body: PatchBody, { schema }: ResourceDefinition, fieldValidation: FieldValidation, warn: Warn): KubeObject {
    const original = current as unknown as Record<string, unknown>
    const patched = applyPatchBody(this.#schemas, schema, original, body)
    const decoded = decodePatchedObject(this.#schemas, { ...body, typeName: schema, patched, fieldValidation })
    decoded.warnings.forEach(warn)
    decoded.object.metadata ??= {}
    return decoded.object as unknown as KubeObject
  }

  /** Whether answers of this kind can be protobuf: Tables can't. */
  hasProtobuf({ apiVersion, kind }: ResourceDefinition): boolean {
    return this.#protobuf.supports(apiVersion, kind)
  }

  /** @param value a whole object, with its apiVersion and kind */
  encode(mediaType: MediaType, value: object): Buffer {
    if (mediaType === YAML_TYPE) return Buffer.from(encodeYaml(value))
    if (mediaType === PROTOBUF_TYPE) {
      const { apiVersion, kind } = value as { apiVersion: string; kind: string }
      return this.#protobuf.encode(apiVersion, kind, value)
    }
    return Buffer.from(JSON.stringify(value))
  }
}
