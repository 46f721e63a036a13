/** Go's text/template: text, `{{ actions }}`, and the pipelines in them. */
export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'print'; readonly pipeline: Pipeline }
  | { readonly type: 'if' | 'with'; readonly pipeline: Pipeline; readonly then: Template; readonly otherwise: Template }
  | { readonly type: 'range'; readonly pipeline: Pipeline; readonly then: Template; readonly otherwise: Template }
  | { readonly type: 'break' | 'continue' }

export type Template = readonly TemplateNode[]

export interface Pipeline {
  /** `$x := …` and `$i, $x := range …`. */
  readonly variables: readonly string[]
  readonly declares: boolean
  readonly commands: readonly (readonly Operand[])[]
}

export type Operand = { readonly fields: readonly string[] } & (
  | { readonly type: 'dot' }
  | { readonly type: 'variable' | 'function'; readonly name: string }
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  | { readonly type: 'pipeline'; readonly pipeline: Pipeline }
)

/** A template that can't be read, or fails when it runs. */
export class TemplateFault extends Error {}

/** @throws TemplateFault */
export function parseTemplate(text: string): Template {
  return new TemplateParser(text).whole()
}

const ACTION = /\{\{(-(?=\s))?\s*((?:"(?:[^"\\]|\\.)*"|`[^`]*`|\/\*.*?\*\/|[^"`])*?)\s*(?:(?<=\s)(-))?\}\}/gs
const TOKEN =
  /\s+|("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)')|(\$\w*)|((?:\.[A-Za-z_]\w*)+|\.)|([-+]?\d[\w.]*)|([A-Za-z_]\w*)|(:=|[=|(),])|(.)/gsy

interface Action {
  readonly tokens: readonly Token[]
}

interface Token {
  readonly text: string
  /** Nothing stands between it and the token before. */
  readonly isAdjacent: boolean
}

class TemplateParser {
  readonly #pieces: readonly (string | Action)[]
  #at = 0

  constructor(text: string) {
    this.#pieces = split(text)
  }

  whole(): Template {
    const nodes = this.#list([])
    if (this.#at < this.#pieces.length) throw new TemplateFault(`unexpected {{${wordsOf(this.#pieces[this.#at] as Action)}}}`)
    return nodes
  }

  /** Up to one of these words, which is left. */
  #list(terminators: readonly string[]): Template {
    const nodes: TemplateNode[] = []
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      if (typeof piece === 'string') nodes.push({ type: 'text', text: piece })
      else {
        const word = piece.tokens[0]?.text ?? ''
        if (word === 'end' || word === 'else') {
          if (terminators.includes(word)) return nodes
          throw new TemplateFault(`unexpected {{${word}}}`)
        }
        if (word === 'if' || word === 'with' || word === 'range') {
          nodes.push(this.#block(word, piece.tokens.slice(1)))
          continue
        }
        if (word === 'break' || word === 'continue') nodes.push({ type: word })
        else if (['define', 'template', 'block'].includes(word)) throw new TemplateFault(`${word} is not supported`)
        else nodes.push({ type: 'print', pipeline: new PipelineParser(piece.tokens).whole() })
      }
      this.#at++
    }
    if (terminators.length > 0) throw new TemplateFault('unexpected EOF')
    return nodes
  }

  #block(type: 'if' | 'with' | 'range', tokens: readonly Token[]): TemplateNode {
    const pipeline = new PipelineParser(tokens).whole()
    this.#at++
    const then = this.#list(['end', 'else'])
    const end = (this.#pieces[this.#at] as Action).tokens
    if (end[0]!.text === 'end') {
      this.#at++
      return { type, pipeline, then, otherwise: [] }
    }
    const chained = end[1]?.text
    // `{{else if …}}` shares the end of what it belongs to.
    if (chained === 'if' || chained === 'with') return { type, pipeline, then, otherwise: [this.#block(chained, end.slice(2))] }
    this.#at++
    const otherwise = this.#list(['end'])
    this.#at++
    return { type, pipeline, then, otherwise }
  }
}

function split(text: string): (string | Action)[] {
  const pieces: (string | Action)[] = []
  let from = 0
  let trimsNext = false
  const pushText = (part: string, trimsEnd: boolean) => {
    let own = trimsNext ? part.trimStart() : part
    if (trimsEnd) own = own.trimEnd()
    if (own !== '') pieces.push(own)
  }
  for (const match of text.matchAll(ACTION)) {
    pushText(text.slice(from, match.index), match[1] !== undefined)
    from = match.index + match[0].length
    trimsNext = match[3] !== undefined
    if (!match[2]!.startsWith('/*')) pieces.push({ tokens: tokenize(match[2]!) })
  }
  if (text.slice(from).includes('{{')) throw new TemplateFault('unclosed action')
  pushText(text.slice(from), false)
  return pieces
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let end = -1
  for (const match of text.matchAll(TOKEN)) {
    if (match[7] !== undefined) throw new TemplateFault(`unexpected ${JSON.stringify(match[7])} in {{${text}}}`)
    if (match[0].trim() !== '') {
      tokens.push({ text: match[0], isAdjacent: match.index === end })
      end = match.index + match[0].length
    }
  }
  return tokens
}

function wordsOf({ tokens }: Action): string {
  return tokens.map(({ text }) => text).join(' ')
}

class PipelineParser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Pipeline {
    const pipeline = this.#pipeline()
    if (this.#at < this.#tokens.length) throw new TemplateFault(`unexpected ${this.#tokens[this.#at]!.text}`)
    return pipeline
  }

  #pipeline(): Pipeline {
    const variables: string[] = []
    let declares = false
    const texts = this.#tokens.slice(this.#at, this.#at + 4).map(({ text }) => text)
    const names = texts[0]?.startsWith('$') ? (texts[1] === ',' && texts[2]?.startsWith('$') ? 2 : 1) : 0
    const sign = names === 0 ? undefined : texts[names === 2 ? 3 : 1]
    if (sign === ':=' || sign === '=') {
      variables.push(texts[0]!, ...(names === 2 ? [texts[2]!] : []))
      declares = sign === ':='
      this.#at += names === 2 ? 4 : 2
    }
    const commands: Operand[][] = []
    do {
      const operands: Operand[] = []
      for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) operands.push(this.#operand())
      if (operands.length === 0) throw new TemplateFault('missing value for command')
      commands.push(operands)
    } while (this.#take('|'))
    return { variables, declares, commands }
  }

  #operand(): Operand {
    const { text } = this.#tokens[this.#at++]!
    if (text === '(') {
      const pipeline = this.#pipeline()
      if (!this.#take(')')) throw new TemplateFault('unclosed left paren')
      return { type: 'pipeline', pipeline, fields: this.#fields() }
    }
    if (text.startsWith('.')) return { type: 'dot', fields: text === '.' ? [] : text.slice(1).split('.') }
    if (text.startsWith('$')) return { type: 'variable', name: text, fields: this.#fields() }
    if (text.startsWith('"')) return literal(JSON.parse(text))
    if (text.startsWith('`')) return literal(text.slice(1, -1))
    if (text.startsWith("'")) return literal(text.codePointAt(1)!)
    if (/^[-+]?\d/.test(text)) {
      const value = Number(text.replaceAll('_', ''))
      if (Number.isNaN(value)) throw new TemplateFault(`bad number syntax: ${JSON.stringify(text)}`)
      return literal(value)
    }
    if (text === 'true' || text === 'false') return literal(text === 'true')
    if (text === 'nil') return literal(null)
    if (/^[A-Za-z_]/.test(text)) return { type: 'function', name: text, fields: [] }
    throw new TemplateFault(`unexpected ${text}`)
  }

  /** `.a.b` right behind a variable or a parenthesis. */
  #fields(): string[] {
    const next = this.#tokens[this.#at]
    if (next === undefined || !next.isAdjacent || !/^\.[A-Za-z_]/.test(next.text)) return []
    this.#at++
    return next.text.slice(1).split('.')
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.text
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false
    this.#at++
    return true
  }
}

function literal(value: string | number | boolean | null): Operand {
  return { type: 'literal', value, fields: [] }
}
