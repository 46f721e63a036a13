/** Why a text isn't JSON, in the words of Go's scanner. Upstream: encoding/json scanner.go. */
export function describeSyntaxError(text: string): string {
  let at = 0
  const EOF = Symbol('end')
  class Fault {
    readonly message: string
    constructor(message: string) {
      this.message = message
    }
  }
  const peek = (): string | typeof EOF => (at < text.length ? text[at]! : EOF)
  const fail = (context: string): never => {
    const found = peek()
    throw new Fault(found === EOF ? 'unexpected end of JSON input' : `invalid character ${quoteCharacter(text, at)} ${context}`)
  }
  const skipSpace = () => {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
  }
  const isDigit = () => at < text.length && text[at]! >= '0' && text[at]! <= '9'
  const string = () => {
    at++
    for (;;) {
      const c = peek()
      if (c === EOF || c < ' ') return fail('in string literal')
      at++
      if (c === '"') return
      if (c !== '\\') continue
      const escaped = peek()
      if (escaped === 'u') {
        at++
        for (let n = 0; n < 4; n++, at++) if (!/[\da-fA-F]/.test(text[at] ?? '')) fail('in \\u hexadecimal character escape')
      } else if (escaped !== EOF && 'bfnrt\\/"'.includes(escaped)) at++
      else fail('in string escape code')
    }
  }
  const number = () => {
    if (peek() === '-') {
      at++
      if (!isDigit()) fail('in numeric literal')
    }
    if (peek() === '0') at++
    else while (isDigit()) at++
    if (peek() === '.') {
      at++
      if (!isDigit()) fail('after decimal point in numeric literal')
      while (isDigit()) at++
    }
    if (peek() === 'e' || peek() === 'E') {
      at++
      if (peek() === '+' || peek() === '-') at++
      if (!isDigit()) fail('in exponent of numeric literal')
      while (isDigit()) at++
    }
  }
  const word = (literal: string) => {
    for (let n = 0; n < literal.length; n++, at++) {
      if (peek() !== literal[n]) fail(`in literal ${literal} (expecting ${`'${literal[n]}'`})`)
    }
  }
  const value = (): void => {
    skipSpace()
    const c = peek()
    if (c === '{') members()
    else if (c === '[') items()
    else if (c === '"') string()
    else if (c === '-' || isDigit()) number()
    else if (c === 't') word('true')
    else if (c === 'f') word('false')
    else if (c === 'n') word('null')
    else fail('looking for beginning of value')
  }
  const items = () => {
    at++
    skipSpace()
    if (peek() === ']') {
      at++
      return
    }
    for (;;) {
      value()
      skipSpace()
      if (peek() === ']') break
      if (peek() !== ',') fail('after array element')
      at++
    }
    at++
  }
  const members = () => {
    at++
    skipSpace()
    if (peek() === '}') {
      at++
      return
    }
    for (;;) {
      skipSpace()
      if (peek() !== '"') fail('looking for beginning of object key string')
      string()
      skipSpace()
      if (peek() !== ':') fail('after object key')
      at++
      value()
      skipSpace()
      if (peek() === '}') break
      if (peek() !== ',') fail('after object key:value pair')
      at++
    }
    at++
  }
  try {
    value()
    skipSpace()
    if (at < text.length) fail('after top-level value')
  } catch (fault) {
    if (fault instanceof Fault) return fault.message
    throw fault
  }
  return 'unexpected end of JSON input'
}

/** Go reads bytes, so of a character beyond ASCII it shows the first byte of its UTF-8 form. */
function quoteCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at)!)
  if (character === "'") return "'\\''"
  if (character === '"') return `'"'`
  const first = Buffer.from(character)[0]!
  if (first >= 0x20 && first < 0x7f) return first === 0x5c ? "'\\\\'" : `'${character}'`
  const short: Readonly<Record<number, string>> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }
  if (short[first] !== undefined) return `'${short[first]}'`
  if (first < 0x80) return `'\\x${first.toString(16).padStart(2, '0')}'`
  const isPrintable = first >= 0xa1 && first !== 0xad
  return isPrintable ? `'${String.fromCharCode(first)}'` : `'\\u${first.toString(16).padStart(4, '0')}'`
}
