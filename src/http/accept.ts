/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string
  readonly subtype: string
  readonly quality: number
  /** All parameters but `q`, names in lower case. */
  readonly parameters: Readonly<Record<string, string>>
}

function parseClause(text: string): AcceptClause | undefined {
  const [range = '', ...rest] = text.split(';').map((part) => part.trim())
  const [type, subtype = '*', ...more] = range.split('/').map((part) => part.trim())
  if (!type || more.length > 0) return undefined
  const parameters: Record<string, string> = {}
  let quality = 1
  for (const parameter of rest) {
    const [name = '', value = ''] = parameter.split('=', 2).map((part) => part.trim())
    if (name.toLowerCase() === 'q') quality = Number.parseFloat(value) || 0
    else if (name !== '') parameters[name.toLowerCase()] = value.replace(/^"(.*)"$/, '$1')
  }
  return { type, subtype, quality, parameters }
}

const breadth = (clause: AcceptClause) => (clause.type === '*' ? 2 : clause.subtype === '*' ? 1 : 0)

/** The clauses of an Accept header, the most wanted first; equals stay in the order given. Upstream: goautoneg ParseAccept. */
export function parseAccept(header: string): AcceptClause[] {
  return header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause !== undefined)
    .sort((a, b) => b.quality - a.quality || breadth(a) - breadth(b))
}

/** @param mediaType without parameters: `application/json` */
export function accepts(clause: AcceptClause, mediaType: string): boolean {
  const [type, subtype] = mediaType.split('/')
  if (clause.type === '*') return clause.subtype === '*'
  return clause.type === type && (clause.subtype === '*' || clause.subtype === subtype)
}
