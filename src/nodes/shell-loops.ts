/**
 * Loops without end that do the same each time round, but for numbers that grow by the same step: their log can be followed
 * from any time on without going through all the rounds before.
 */
import type { Node, Word } from './shell-syntax.ts'

export interface Round {
  readonly variables: ReadonlyMap<string, string>
  readonly elapsedMs: number
}

export interface Stride {
  readonly milliseconds: number
  /** By how much each variable grows in a round. */
  readonly steps: ReadonlyMap<string, number>
}

/** Does it branch nowhere and only add, so that two equal rounds promise that all that follow are equal? */
export function isStraight(node: Node): boolean {
  switch (node.type) {
    case 'command':
      return node.words.every((word, index) => isStraightWord(word, index))
    case 'group':
      return isStraight(node.body)
    case 'redirected':
      return isStraight(node.body)
    case 'list':
      return node.items.every((item) => item.joinedBy === ';' && isStraight(item.node))
    default:
      return false
  }
}

/** Commands that are the same whatever their arguments; others may end, wait or look something up by them. */
const STEADY = /^(?:echo|printf|date|sleep|true|:|export|let|hostname|[A-Za-z_]\w*=.*|[A-Za-z_]\w*\+\+)$/s

function isStraightWord(word: Word, index: number): boolean {
  if (index === 0 && !STEADY.test(word.map(({ text }) => text).join(''))) return false
  return word.every(({ text, quote }) => {
    if (quote === 'single') return true
    for (const [, sum] of text.matchAll(/\$\(\((.*?)\)\)/gs)) if (/[^\w\s+\-$]/.test(sum!)) return false
    for (const [, command] of text.replace(/\$\(\(.*?\)\)/gs, '').matchAll(/\$\((.*?)\)/gs))
      if (!/^\s*(?:date|hostname)\b[^;&|$]*$/.test(command!)) return false
    return true
  })
}

/** What two rounds in a row have in common; undefined when they differ. */
export function strideOf(first: Round, second: Round, third: Round): Stride | undefined {
  const milliseconds = third.elapsedMs - second.elapsedMs
  if (milliseconds !== second.elapsedMs - first.elapsedMs || third.variables.size !== first.variables.size) return undefined
  const steps = new Map<string, number>()
  for (const [name, value] of third.variables) {
    const [before, long] = [second.variables.get(name), first.variables.get(name)]
    if (value === before && before === long) continue
    const step = Number(value) - Number(before)
    if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(step) || step !== Number(before) - Number(long)) return undefined
    steps.set(name, step)
  }
  return { milliseconds, steps }
}
