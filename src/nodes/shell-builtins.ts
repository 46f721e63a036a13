/** Commands whose effect on time, output or exit code is known. */
import { dateText } from './shell-date.ts'
import { arithmetic, isTrue } from './shell-expressions.ts'
import type { ShellFiles } from './shell-files.ts'

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
  variable(name: string): string | undefined
  /** Prints to standard error. */
  complain(text: string): void
  readonly files: ShellFiles
  /** The files, to find out about them. */
  look(): ShellFiles
  executeAtMost(limitMs: number, argv: readonly string[]): number
}

/** Returns the exit code. */
type Builtin = (args: readonly string[], interpreter: ShellState) => number

export const BUILTINS: Readonly<Record<string, Builtin>> = {
  true: () => 0,
  ':': () => 0,
  false: () => 1,
  echo: (args, interpreter) => {
    const first = args.findIndex((arg) => !/^-[neE]+$/.test(arg))
    const flags = (first < 0 ? args : args.slice(0, first)).join('')
    const text = (first < 0 ? [] : args.slice(first)).join(' ')
    interpreter.print((flags.includes('e') ? unescaped(text) : text) + (flags.includes('n') ? '' : '\n'))
    return 0
  },
  printf: ([format = '', ...args], interpreter) => {
    interpreter.print(printfText(format, args))
    return 0
  },
  date: (args, interpreter) => {
    // Whoever asks for seconds may reckon with them.
    if (args.some((arg) => arg.includes('%s'))) interpreter.secondsByTheClock()
    interpreter.print(`${dateText(args, interpreter.now)}\n`)
    return 0
  },
  cat: (args, interpreter) => {
    let status = 0
    for (const path of args.filter((arg) => !arg.startsWith('-'))) {
      const text = interpreter.look().read(path)
      if (text === undefined && !interpreter.files.isThere(path)) status = missing('cat', path, interpreter)
      else interpreter.print(text ?? '')
    }
    return status
  },
  ls: (args, interpreter) => {
    let status = 0
    for (const path of args.filter((arg) => !arg.startsWith('-'))) {
      if (!interpreter.look().isThere(path)) status = missing('ls', path, interpreter)
      else if (interpreter.files.read(path) !== undefined) interpreter.print(`${path}\n`)
      else for (const name of interpreter.files.list(path) ?? []) interpreter.print(`${name}\n`)
    }
    return status
  },
  mkdir: (args, { files }) => {
    for (const path of args) if (!path.startsWith('-')) files.makeDirectory(path)
    return 0
  },
  touch: (args, { files }) => {
    for (const path of args) if (!path.startsWith('-')) files.touch(path)
    return 0
  },
  rm: (args, { files }) => {
    for (const path of args) if (!path.startsWith('-')) files.remove(path)
    return 0
  },
  hostname: (_args, interpreter) => {
    interpreter.print(`${interpreter.variable('HOSTNAME') ?? ''}\n`)
    return 0
  },
  printenv: (args, interpreter) => {
    const values = args.map((name) => interpreter.variable(name)).filter((value) => value !== undefined)
    interpreter.print(values.map((value) => `${value}\n`).join(''))
    return values.length === args.length ? 0 : 1
  },
  pwd: (_args, interpreter) => {
    interpreter.print('/\n')
    return 0
  },
  whoami: (_args, interpreter) => {
    interpreter.print('root\n')
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
  test: (args, interpreter) => (isTrue(args, () => interpreter.look()) ? 0 : 1),
  '[': (args, interpreter) => (args.at(-1) !== ']' ? 2 : isTrue(args.slice(0, -1), () => interpreter.look()) ? 0 : 1),
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
/** As busybox says it. */
function missing(command: 'cat' | 'ls', path: string, interpreter: ShellState): number {
  const what = command === 'cat' ? `can't open '${path}'` : path
  interpreter.complain(`${command}: ${what}: No such file or directory\n`)
  return 1
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', a: '\x07', b: '\b' }

function unescaped(text: string): string {
  return text.replace(/\\([ntrab\\])/g, (_, letter: string) => ESCAPES[letter]!)
}

/** The format is used again for as long as there are arguments, as printf(1) does. */
function printfText(format: string, args: readonly string[]): string {
  const values = [...args]
  let text = ''
  do {
    const left = values.length
    text += unescaped(format).replace(
      /%(-?)(0?)(\d*)(?:\.\d+)?([sdifxXu%])/g,
      (_, minus: string, zero: string, width: string, type: string) => {
        if (type === '%') return '%'
        const value = values.shift() ?? (type === 's' ? '' : '0')
        return minus === '-' ? value.padEnd(Number(width)) : value.padStart(Number(width), zero === '0' ? '0' : ' ')
      },
    )
    if (values.length === left) break
  } while (values.length > 0)
  return text
}

const SLEEP_UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function sleepMs(text: string): number | undefined {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * SLEEP_UNITS[match[2]!]!)
}
