import type { OpenApiDocument, OpenApiOperation, OpenApiParameter, OpenApiSchema } from './openapi-v3-types.ts'

const toDefinitions = (reference: string) => reference.replace('#/components/schemas/', '#/definitions/')

/**
 * Version 2 has no oneOf, and lets a $ref have company, so the allOf that version 3 needs for that falls away. Defaults
 * aren't told in version 2. Upstream: kube-openapi builder3/util and apiserver's v2 pruning.
 */
function toV2Schema(schema: OpenApiSchema): object {
  const { $ref, allOf, oneOf, default: _default, properties, items, additionalProperties, ...rest } = schema
  const reference = $ref ?? allOf?.[0]?.$ref
  return {
    ...rest,
    ...(reference && { $ref: toDefinitions(reference) }),
    ...(oneOf && { type: 'string' }),
    ...(properties && { properties: mapValues(properties, toV2Schema) }),
    ...(items && { items: toV2Schema(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: typeof additionalProperties === 'boolean' ? additionalProperties : toV2Schema(additionalProperties),
    }),
  }
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}

function toV2Parameter({ schema, ...rest }: OpenApiParameter): object {
  return { ...rest, ...schema }
}

function toV2Operation({ parameters = [], requestBody, responses, ...rest }: OpenApiOperation): object {
  const types = Object.values(responses).flatMap(({ content }) => Object.keys(content ?? {}))
  const body = requestBody && Object.values(requestBody.content)[0]
  const bodyParameter = body && {
    name: 'body',
    in: 'body',
    ...(requestBody.required ? { required: true } : {}),
    schema: toV2Schema(body.schema),
  }
  const all = [...(bodyParameter ? [bodyParameter] : []), ...parameters.map(toV2Parameter)]
  return {
    ...rest,
    consumes: requestBody ? Object.keys(requestBody.content) : ['*/*'],
    produces: [...new Set(types)],
    schemes: ['https'],
    ...(all.length > 0 ? { parameters: all } : {}),
    responses: mapValues(responses, ({ description, content = {} }) => {
      const [first] = Object.values(content)
      return { description, ...(first ? { schema: toV2Schema(first.schema) } : {}) }
    }),
  }
}

function toV2Path(item: OpenApiDocument['paths'][string]): object {
  return Object.fromEntries(
    Object.entries(item).map(([method, member]) =>
      method === 'parameters'
        ? [method, (member as readonly OpenApiParameter[]).map(toV2Parameter)]
        : [method, toV2Operation(member as OpenApiOperation)],
    ),
  )
}

/** The one Swagger 2.0 document that says what all the OpenAPI v3 documents say. */
export function toSwagger(documents: readonly OpenApiDocument[]): object {
  const paths: Record<string, object> = {}
  const definitions: Record<string, object> = {}
  for (const document of documents) {
    Object.assign(paths, mapValues(document.paths, toV2Path))
    for (const [name, schema] of Object.entries(document.components.schemas)) definitions[name] ??= toV2Schema(schema)
  }
  return {
    swagger: '2.0',
    info: documents[0]?.info ?? {},
    paths: inOrder(paths),
    definitions: inOrder(definitions),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  }
}

function inOrder<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
