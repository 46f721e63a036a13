/** Commands whose effect on time, output or exit code is known. */
import { arithmetic, isTrue } from './shell-expressions.ts'

/** Far above what a script in a manifest does; a loop that counts longer is taken to run forever. */
export const STEP_LIMIT = 20_000

/** Thrown to leave all nested lists at once. */
export class Exit {
  readonly exitCode: number
  constructor(exitCode: number) {
    this.exitCode = exitCode
  }
}
/** Thrown when the script is found to have no end. */
export class Forever {}
export class LoopJump {
  readonly isBreak: boolean
  constructor(isBreak: boolean) {
    this.isBreak = isBreak
  }
}

/** What a builtin may see and do. */
export interface ShellState {
  /** Of the last command. */
  readonly status: number
  readonly now: number
  secondsByTheClock(): number
  print(text: string): void
  /** Lets simulated time pass. */
  spend(milliseconds: number): void
  assign(text: string): void
  executeAtMost(limitMs: number, argv: readonly string[]): number
}

/** Returns the exit code. */
type Builtin = (args: readonly string[], interpreter: ShellState) => number

export const BUILTINS: Readonly<Record<string, Builtin>> = {
  true: () => 0,
  ':': () => 0,
  false: () => 1,
  echo: (args, interpreter) => {
    const flags = args.findIndex((arg) => !/^-[neE]+$/.test(arg))
    const words = flags < 0 ? [] : args.slice(flags)
    interpreter.print(words.join(' ') + (args.slice(0, Math.max(flags, 0)).some((flag) => flag.includes('n')) ? '' : '\n'))
    return 0
  },
  printf: ([format = '', ...args], interpreter) => {
    const values = [...args]
    interpreter.print(
      format
        .replace(/\\n/g, '\n')
        .replace(/\\t/g, '\t')
        .replace(/%[sdif]/g, () => values.shift() ?? ''),
    )
    return 0
  },
  date: ([format], interpreter) => {
    interpreter.print(`${format === '+%s' ? interpreter.secondsByTheClock() : new Date(interpreter.now).toUTCString()}\n`)
    return 0
  },
  sleep: (args, interpreter) => {
    if (args.length === 0) return 1
    for (const arg of args) {
      const milliseconds = sleepMs(arg)
      if (milliseconds === undefined) return 1
      interpreter.spend(milliseconds)
    }
    return 0
  },
  exit: ([code], interpreter) => {
    throw new Exit(code === undefined ? interpreter.status : Number.parseInt(code, 10) & 255)
  },
  break: () => {
    throw new LoopJump(true)
  },
  continue: () => {
    throw new LoopJump(false)
  },
  seq: (args, interpreter) => {
    const numbers = args.map(Number)
    const [first, step, last] = numbers.length === 1 ? [1, 1, numbers[0]!] : numbers.length === 2 ? [numbers[0]!, 1, numbers[1]!] : numbers
    if (numbers.length === 0 || numbers.some(Number.isNaN) || step === 0) return 1
    const lines: number[] = []
    for (let n = first!; step! > 0 ? n <= last! : n >= last!; n += step!) if (lines.push(n) >= STEP_LIMIT) break
    interpreter.print(lines.map((line) => `${line}\n`).join(''))
    return 0
  },
  test: (args) => (isTrue(args) ? 0 : 1),
  '[': (args) => (args.at(-1) === ']' ? (isTrue(args.slice(0, -1)) ? 0 : 1) : 2),
  read: () => 1,
  expr: (args, interpreter) => {
    const value = arithmetic(args.join(' ').replace(/\\/g, ''))
    interpreter.print(`${value}\n`)
    return value === 0 ? 1 : 0
  },
  let: (args, interpreter) => {
    interpreter.assign(args[0] ?? '')
    return 0
  },
  timeout: (args, interpreter) => {
    const rest = args.slice(args.findIndex((arg) => !arg.startsWith('-')))
    const limit = sleepMs(rest[0] ?? '')
    return limit === undefined ? 125 : interpreter.executeAtMost(limit, rest.slice(1))
  },
  tail: (args) => {
    if (args.some((arg) => /^-[^-]*[fF]/.test(arg) || arg.startsWith('--follow'))) throw new Forever()
    return 0
  },
}
const SLEEP_UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function sleepMs(text: string): number | undefined {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * SLEEP_UNITS[match[2]!]!)
}
