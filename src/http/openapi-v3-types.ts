/** As much of an OpenAPI v3 document as converting one asks for. */
export interface OpenApiSchema {
  readonly $ref?: string
  readonly allOf?: readonly OpenApiSchema[]
  readonly oneOf?: readonly OpenApiSchema[]
  readonly type?: string
  readonly format?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly items?: OpenApiSchema
  readonly additionalProperties?: OpenApiSchema | boolean
}

export interface OpenApiParameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly required?: boolean
  readonly schema: OpenApiSchema
}

type Content = Readonly<Record<string, { readonly schema: OpenApiSchema }>>

export interface OpenApiOperation {
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: { readonly content: Content; readonly required?: boolean }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

export interface OpenApiDocument {
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation | readonly OpenApiParameter[]>>>>
  readonly components: { readonly schemas: Readonly<Record<string, OpenApiSchema>> }
}
