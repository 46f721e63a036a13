/** An answer that no framework has touched: what the documents of a server (discovery, OpenAPI) are served as. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The headers that documents are chosen by; names in lower case, as node has them. */
export interface DocumentHeaders {
  readonly accept?: string | undefined
  readonly 'if-none-match'?: string | undefined
}
