/**
 * The part of jq that Stages use to look into objects: paths (`.a.b`, `.["x"]`, `.[0]`, `.[]`), pipes, `select(…)`, comparisons,
 * `and`, `or`, `not`, `//`, literals, `length`, `has`, `tostring`. A query that goes astray finds nothing, as in kwok.
 */
export type Query = (input: unknown) => unknown[]

export class JqFault extends Error {}

/** @throws JqFault for what isn't in this part of the language */
export function compileQuery(text: string): Query {
  const parser = new QueryParser(tokenize(text))
  const filter = parser.whole()
  return (input) => {
    try {
      return filter(input).filter((value) => value !== null && value !== undefined)
    } catch (error) {
      if (error instanceof Astray) return []
      throw error
    }
  }
}

/** What jq calls an error, while it runs. */
class Astray extends Error {}

type Filter = (input: unknown) => unknown[]

const TOKEN = /\s+|("(?:[^"\\]|\\.)*")|(\.[A-Za-z_]\w*)|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|!=|<=|>=|\/\/|[|.,()[\]<>?])|(.)/gsy

function tokenize(text: string): string[] {
  const tokens: string[] = []
  for (const match of text.matchAll(TOKEN)) {
    if (match[6] !== undefined) throw new JqFault(`unexpected ${match[6]} in ${text}`)
    if (match[0].trim() !== '') tokens.push(match[0])
  }
  return tokens
}

class QueryParser {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  whole(): Filter {
    const filter = this.#pipe()
    if (this.#at < this.#tokens.length) throw new JqFault(`unexpected ${this.#tokens[this.#at]}`)
    return filter
  }

  #pipe(): Filter {
    const left = this.#alternative()
    if (!this.#take('|')) return left
    const right = this.#pipe()
    return (input) => left(input).flatMap(right)
  }

  #alternative(): Filter {
    const left = this.#or()
    if (!this.#take('//')) return left
    const right = this.#alternative()
    return (input) => {
      let found: unknown[] = []
      try {
        found = left(input).filter(isTruthy)
      } catch (error) {
        if (!(error instanceof Astray)) throw error
      }
      return found.length > 0 ? found : right(input)
    }
  }

  #or(): Filter {
    return this.#binary(
      ['or'],
      () => this.#and(),
      (_, a, b) => isTruthy(a) || isTruthy(b),
    )
  }

  #and(): Filter {
    return this.#binary(
      ['and'],
      () => this.#comparison(),
      (_, a, b) => isTruthy(a) && isTruthy(b),
    )
  }

  #comparison(): Filter {
    return this.#binary(['==', '!=', '<', '<=', '>', '>='], () => this.#postfix(), compare)
  }

  #binary(operators: readonly string[], operand: () => Filter, apply: (operator: string, a: unknown, b: unknown) => unknown): Filter {
    let left = operand()
    for (let operator = this.#peek(); operator !== undefined && operators.includes(operator); operator = this.#peek()) {
      this.#at++
      const [before, right, own] = [left, operand(), operator]
      left = (input) => right(input).flatMap((b) => before(input).map((a) => apply(own, a, b)))
    }
    return left
  }

  #postfix(): Filter {
    let filter = this.#term()
    for (;;) {
      const before = filter
      const next = this.#peek()
      if (next === '?') {
        this.#at++
        filter = (input) => {
          try {
            return before(input)
          } catch (error) {
            if (error instanceof Astray) return []
            throw error
          }
        }
      } else if (
        next === '[' ||
        (next?.startsWith('.') && next !== '.') ||
        (next === '.' && /^["[]/.test(this.#tokens[this.#at + 1] ?? ''))
      ) {
        const step = this.#step()
        filter = (input) => before(input).flatMap(step)
      } else return filter
    }
  }

  /** `.name`, `."name"`, `[…]` or `.[…]`. */
  #step(): Filter {
    const token = this.#tokens[this.#at++]!
    if (token.length > 1 && token.startsWith('.')) return (input) => [field(input, token.slice(1))]
    if (token === '.' && this.#peek()?.startsWith('"')) {
      const name = JSON.parse(this.#tokens[this.#at++]!)
      return (input) => [field(input, name)]
    }
    if (token === '.') this.#at++
    if (this.#take(']')) return (input) => items(input)
    const key = this.#pipe()
    this.#expect(']')
    return (input) => key(input).map((each) => field(input, each))
  }

  #term(): Filter {
    const token = this.#peek()
    if (token === undefined) throw new JqFault('unexpected end')
    if (token.startsWith('.')) {
      const isPath = token.length > 1 || /^["[]/.test(this.#tokens[this.#at + 1] ?? '')
      if (isPath) return this.#step()
      this.#at++
      return (input) => [input]
    }
    this.#at++
    if (token === '(') {
      const inner = this.#pipe()
      this.#expect(')')
      return inner
    }
    if (token.startsWith('"') || /^-?\d/.test(token)) return () => [JSON.parse(token)]
    if (token === 'true' || token === 'false' || token === 'null') return () => [JSON.parse(token)]
    return this.#call(token)
  }

  #call(name: string): Filter {
    const argument = this.#take('(') ? this.#pipe() : undefined
    if (argument !== undefined) this.#expect(')')
    if (argument !== undefined && name === 'select') return (input) => argument(input).flatMap((value) => (isTruthy(value) ? [input] : []))
    if (argument !== undefined && name === 'has') return (input) => argument(input).map((key) => Object.hasOwn(Object(input), String(key)))
    if (argument !== undefined && name === 'map') return (input) => [items(input).flatMap(argument)]
    if (argument === undefined && name === 'not') return (input) => [!isTruthy(input)]
    if (argument === undefined && name === 'empty') return () => []
    if (argument === undefined && name === 'length') return (input) => [lengthOf(input)]
    if (argument === undefined && name === 'tostring') return (input) => [typeof input === 'string' ? input : JSON.stringify(input)]
    throw new JqFault(`${name} is not supported`)
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new JqFault(`expected ${token}`)
  }
}

function isTruthy(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false
}

function field(input: unknown, key: unknown): unknown {
  if (input === null || input === undefined) return null
  if (Array.isArray(input) && typeof key === 'number') return input.at(key) ?? null
  if (typeof input === 'object' && !Array.isArray(input) && typeof key === 'string') {
    return Object.hasOwn(input, key) ? (input as Record<string, unknown>)[key] : null
  }
  throw new Astray('cannot index')
}

function items(input: unknown): unknown[] {
  if (typeof input !== 'object' || input === null) throw new Astray('cannot iterate')
  return Object.values(input)
}

function lengthOf(input: unknown): number {
  if (input === null || input === undefined) return 0
  if (typeof input === 'string' || Array.isArray(input)) return input.length
  return typeof input === 'number' ? Math.abs(input) : Object.keys(input as object).length
}

function compare(operator: string, a: unknown, b: unknown): boolean {
  const [x, y] = [JSON.stringify(a ?? null), JSON.stringify(b ?? null)]
  if (operator === '==' || operator === '!=') return (x === y) === (operator === '==')
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
  return operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0
}
