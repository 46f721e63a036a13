/**
 * The part of sh's grammar that manifests use: lists with `;` `&&` `||` `&`, pipes, `while`, `until`, `for`, `if`,
 * groups, quotes, `$name` and `$(command)`. What it doesn't know (here-documents, functions, case) makes `parseScript` return undefined.
 */
export type Node =
  | { readonly type: 'command'; readonly words: readonly Word[] }
  | { readonly type: 'list'; readonly items: readonly Item[] }
  | { readonly type: 'pipe'; readonly stages: readonly Node[] }
  | { readonly type: 'not'; readonly body: Node }
  | { readonly type: 'while'; readonly until: boolean; readonly condition: Node; readonly body: Node }
  | { readonly type: 'for'; readonly variable: string; readonly words: readonly Word[]; readonly body: Node }
  | { readonly type: 'if'; readonly condition: Node; readonly then: Node; readonly otherwise: Node | undefined }
  | { readonly type: 'group'; readonly body: Node }
  | { readonly type: 'redirected'; readonly body: Node; readonly redirections: readonly Redirection[] }

/** Where output goes instead. Redirected input is read over: nobody knows what is in files. */
export interface Redirection {
  readonly from: 1 | 2 | 'both'
  readonly to: { readonly descriptor: 1 | 2 } | { readonly file: Word; readonly appends: boolean }
}

export interface Item {
  readonly node: Node
  /** What joins it to the item before. */
  readonly joinedBy: ';' | '&&' | '||'
  readonly inBackground: boolean
}

/** Parts are kept apart because text in single quotes is not expanded, and unquoted expansions are split into words. */
export type Word = readonly WordPart[]

export interface WordPart {
  readonly text: string
  readonly quote: 'none' | 'single' | 'double'
}

type Token = { readonly operator: string } | { readonly word: Word } | { readonly redirection: Redirection }

const OPERATOR = /^(?:&&|\|\||;;|[;&|()\n])/
const REDIRECTED_INPUT = /^\d*<&?\s*(?:"[^"]*"|'[^']*'|[^\s;&|()<>]+)/
const REDIRECTED_OUTPUT = /^(&|\d*)(>>|>&|>\||>)[ \t]*/
const BETWEEN_WORDS = /^(?:[ \t]+|\\\n|#[^\n]*)/

class SyntaxFault extends Error {}

/** undefined for what this grammar doesn't cover. */
export function parseScript(text: string): Node | undefined {
  try {
    const parser = new Parser(tokenize(text))
    return parser.parse()
  } catch (error) {
    if (error instanceof SyntaxFault) return undefined
    throw error
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let rest = source
  while (rest !== '') {
    const skipped = BETWEEN_WORDS.exec(rest) ?? REDIRECTED_INPUT.exec(rest)
    if (skipped !== null) {
      rest = rest.slice(skipped[0].length)
      continue
    }
    const redirected = REDIRECTED_OUTPUT.exec(rest)
    if (redirected !== null) {
      const [target, length] = readWord(rest.slice(redirected[0].length))
      const redirection = redirectionOf(redirected[1]!, redirected[2]!, target)
      if (redirection !== undefined) tokens.push({ redirection })
      rest = rest.slice(redirected[0].length + length)
      continue
    }
    const operator = OPERATOR.exec(rest)?.[0]
    if (operator !== undefined) {
      tokens.push({ operator: operator === '\n' ? ';' : operator })
      rest = rest.slice(operator.length)
      continue
    }
    const [word, length] = readWord(rest)
    tokens.push({ word })
    rest = rest.slice(length)
  }
  return tokens
}

/** undefined for descriptors that lead nowhere: all but the two a log is made of. */
function redirectionOf(descriptor: string, operator: string, target: Word): Redirection | undefined {
  const from = descriptor === '&' ? 'both' : descriptor === '' ? 1 : Number(descriptor)
  if (from !== 1 && from !== 2 && from !== 'both') return undefined
  const name = plainText(target)
  if (operator !== '>&') return { from, to: { file: target, appends: operator === '>>' } }
  if (name === '1' || name === '2') return { from, to: { descriptor: Number(name) as 1 | 2 } }
  if (name === '-') return { from, to: { file: [{ text: '/dev/null', quote: 'single' }], appends: true } }
  return descriptor === '' ? { from: 'both', to: { file: target, appends: false } } : undefined
}

function readWord(source: string): [Word, number] {
  const parts: WordPart[] = []
  let at = 0
  while (at < source.length && !/[\s;&|()<>]/.test(source[at]!)) {
    const char = source[at]!
    if (char === "'") {
      const end = source.indexOf("'", at + 1)
      if (end < 0) throw new SyntaxFault('unterminated quote')
      parts.push({ text: source.slice(at + 1, end), quote: 'single' })
      at = end + 1
    } else if (char === '"') {
      const end = endOfDoubleQuotes(source, at + 1)
      parts.push({ text: source.slice(at + 1, end), quote: 'double' })
      at = end + 1
    } else if (char === '\\') {
      parts.push({ text: source[at + 1] ?? '', quote: 'single' })
      at += 2
    } else if (source.startsWith('$(', at)) {
      const end = endOfParentheses(source, at + 1)
      parts.push({ text: source.slice(at, end + 1), quote: 'none' })
      at = end + 1
    } else if (char === '`') {
      const end = source.indexOf('`', at + 1)
      if (end < 0) throw new SyntaxFault('unterminated backquote')
      parts.push({ text: `$(${source.slice(at + 1, end)})`, quote: 'none' })
      at = end + 1
    } else {
      const run = /^(?:\$\{[^}]*\}|\$(?![({])|[^\s;&|()<>'"\\$`])+/.exec(source.slice(at))
      if (run === null) throw new SyntaxFault(`unexpected ${char}`)
      parts.push({ text: run[0], quote: 'none' })
      at += run[0].length
    }
  }
  if (at === 0) throw new SyntaxFault(`unexpected ${source[0]}`)
  return [parts, at]
}

function endOfDoubleQuotes(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source.startsWith('$(', at)) at = endOfParentheses(source, at + 1)
    else if (source[at] === '"') return at
  }
  throw new SyntaxFault('unterminated quote')
}

/** Index of the parenthesis that closes the one at `open`. */
export function endOfParentheses(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    if (source[at] === '(') depth++
    else if (source[at] === ')' && --depth === 0) return at
  }
  throw new SyntaxFault('unterminated parenthesis')
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Node {
    const list = this.#list([])
    if (this.#at < this.#tokens.length) throw new SyntaxFault('unexpected token')
    return list
  }

  #list(terminators: readonly string[]): Node {
    const items: Item[] = []
    let joinedBy: Item['joinedBy'] = ';'
    for (;;) {
      while (this.#takeOperator(';')) joinedBy = ';'
      const next = this.#tokens[this.#at]
      if (next === undefined || this.#isReserved(terminators) || this.#peekOperator() === ')') break
      const node = this.#pipeline()
      const inBackground = this.#takeOperator('&')
      items.push({ node, joinedBy, inBackground })
      if (this.#takeOperator('&&')) joinedBy = '&&'
      else if (this.#takeOperator('||')) joinedBy = '||'
      else if (inBackground || this.#takeOperator(';')) joinedBy = ';'
      else break
    }
    return { type: 'list', items }
  }

  #pipeline(): Node {
    if (this.#takeReserved('!')) return { type: 'not', body: this.#pipeline() }
    const stages = [this.#command()]
    while (this.#takeOperator('|')) {
      while (this.#takeOperator(';'));
      stages.push(this.#command())
    }
    return stages.length === 1 ? stages[0]! : { type: 'pipe', stages }
  }

  /** A command of any sort, and where its output goes. */
  #command(): Node {
    const redirections: Redirection[] = []
    const body = this.#compound() ?? this.#simple(redirections)
    this.#takeRedirections(redirections)
    return redirections.length === 0 ? body : { type: 'redirected', body, redirections }
  }

  #compound(): Node | undefined {
    if (this.#takeOperator('(')) {
      const body = this.#list([])
      if (!this.#takeOperator(')')) throw new SyntaxFault('expected )')
      return { type: 'group', body }
    }
    if (this.#takeReserved('{')) return { type: 'group', body: this.#until(['}']) }
    if (this.#takeReserved('while')) return this.#loop(false)
    if (this.#takeReserved('until')) return this.#loop(true)
    if (this.#takeReserved('for')) return this.#for()
    if (this.#takeReserved('if')) return this.#if()
    return undefined
  }

  #simple(redirections: Redirection[]): Node {
    if (this.#isReserved(['case', 'function', 'select', '[['])) throw new SyntaxFault('not supported')
    const words: Word[] = []
    for (let next = this.#tokens[this.#at]; next !== undefined && !('operator' in next); next = this.#tokens[++this.#at]) {
      if ('word' in next) words.push(next.word)
      else redirections.push(next.redirection)
    }
    if ((words.length === 0 && redirections.length === 0) || this.#peekOperator() === '(') throw new SyntaxFault('expected a command')
    return { type: 'command', words }
  }

  #takeRedirections(redirections: Redirection[]): void {
    for (let next = this.#tokens[this.#at]; next !== undefined && 'redirection' in next; next = this.#tokens[++this.#at])
      redirections.push(next.redirection)
  }

  #loop(until: boolean): Node {
    const condition = this.#until(['do'])
    return { type: 'while', until, condition, body: this.#until(['done']) }
  }

  #for(): Node {
    const token = this.#tokens[this.#at++]
    const variable = token !== undefined && 'word' in token ? plainText(token.word) : undefined
    if (variable === undefined || !this.#takeReserved('in')) throw new SyntaxFault('expected: for NAME in')
    const words: Word[] = []
    for (let next = this.#tokens[this.#at]; next !== undefined && 'word' in next; next = this.#tokens[++this.#at]) words.push(next.word)
    while (this.#takeOperator(';'));
    if (!this.#takeReserved('do')) throw new SyntaxFault('expected do')
    return { type: 'for', variable, words, body: this.#until(['done']) }
  }

  #if(): Node {
    const condition = this.#until(['then'])
    const then = this.#list(['elif', 'else', 'fi'])
    if (this.#takeReserved('elif')) return { type: 'if', condition, then, otherwise: this.#if() }
    const otherwise = this.#takeReserved('else') ? this.#list(['fi']) : undefined
    if (!this.#takeReserved('fi')) throw new SyntaxFault('expected fi')
    return { type: 'if', condition, then, otherwise }
  }

  /** A list and the reserved word that ends it. */
  #until(terminators: readonly string[]): Node {
    const list = this.#list(terminators)
    if (!terminators.some((terminator) => this.#takeReserved(terminator))) throw new SyntaxFault(`expected ${terminators[0]}`)
    return list
  }

  #peekOperator(): string | undefined {
    const token = this.#tokens[this.#at]
    return token !== undefined && 'operator' in token ? token.operator : undefined
  }

  #takeOperator(operator: string): boolean {
    if (this.#peekOperator() !== operator) return false
    this.#at++
    return true
  }

  #isReserved(words: readonly string[]): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || !('word' in token)) return false
    const text = plainText(token.word)
    return text !== undefined && words.includes(text)
  }

  #takeReserved(word: string): boolean {
    if (!this.#isReserved([word])) return false
    this.#at++
    return true
  }
}

function plainText(word: Word): string | undefined {
  return word.length === 1 && word[0]!.quote === 'none' ? word[0]!.text : undefined
}
