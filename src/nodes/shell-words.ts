import { STEP_LIMIT } from './shell-builtins.ts'
import { arithmetic } from './shell-expressions.ts'
import { endOfParentheses, type Word } from './shell-syntax.ts'

export interface WordContext {
  readonly variables: Map<string, string>
  /** Of the last command. */
  readonly status: number
  /** What the script prints, without the line breaks at its end. */
  capture(script: string): string
}

/** The words that one word of a script becomes: variables, `$(…)`, `$((…))` and braces replaced, and split where it isn't quoted. */
export function expandWord(word: Word, shell: WordContext): string[] {
  let fields: string[] = ['']
  let isQuoted = false
  for (const part of word) {
    if (part.quote !== 'none') isQuoted = true
    const text = part.quote === 'single' ? part.text : substitute(part.text, part.quote === 'double', shell)
    if (part.quote !== 'none') {
      fields[fields.length - 1] += text
      continue
    }
    const pieces = text.includes('{') ? braces(text) : text.split(/\s+/)
    fields[fields.length - 1] += pieces[0] ?? ''
    fields = fields.concat(pieces.slice(1))
  }
  return isQuoted ? fields : fields.filter((field) => field !== '')
}

function substitute(text: string, isDoubleQuoted: boolean, shell: WordContext): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    if (isDoubleQuoted && text[at] === '\\' && /["\\$`]/.test(text[at + 1] ?? '')) result += text[++at]
    else if (text.startsWith('$((', at)) {
      const end = endOfParentheses(text, at + 1)
      result += String(arithmetic(substitute(text.slice(at + 3, end - 1), false, shell), shell.variables))
      at = end
    } else if (text.startsWith('$(', at)) {
      const end = endOfParentheses(text, at + 1)
      result += shell.capture(text.slice(at + 2, end))
      at = end
    } else {
      const variable = /^\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?[^}]*\}|([?#@*$!]))/.exec(text.slice(at))
      if (variable === null) {
        result += text[at]
        continue
      }
      const [whole, plain, braced, fallback, special] = variable
      result += special === '?' ? String(shell.status) : (shell.variables.get(plain ?? braced ?? '') ?? fallback ?? '')
      at += whole.length - 1
    }
  }
  return result
}

/** `{1..5}` in a word. */
function braces(text: string): string[] {
  const match = /^(.*)\{(-?\d+)\.\.(-?\d+)\}(.*)$/.exec(text)
  if (match === null) return text.split(/\s+/)
  const [, before, from, to, after] = match
  const step = Number(from) <= Number(to) ? 1 : -1
  const words: string[] = []
  for (let n = Number(from); step > 0 ? n <= Number(to) : n >= Number(to); n += step)
    if (words.push(`${before}${n}${after}`) >= STEP_LIMIT) break
  return words
}
