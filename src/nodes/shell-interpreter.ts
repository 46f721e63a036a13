/**
 * Goes through a script without running it. Pure: the network answers at once, and of files is known what the script itself does
 * and what it was told that it finds. Loops are followed until the variables repeat, which proves that they never end.
 */
import type { LogWindow, Prediction, ShellContext } from './shell.ts'
import { BUILTINS, Exit, Forever, LoopJump, type ShellState, STEP_LIMIT } from './shell-builtins.ts'
import { NOTHING_FOUND, ShellFiles } from './shell-files.ts'
import { isStraight, type Round, type Stride, strideOf } from './shell-loops.ts'
import { ShellOutput, type Sink } from './shell-output.ts'
import { ENDLESS, programName, QUICK, SHELLS, WRAPPERS } from './shell-programs.ts'
import { type Node, parseScript, type Redirection, type Word } from './shell-syntax.ts'
import { expandWord } from './shell-words.ts'

/** Of what is printed until the command ends or goes round in circles: as much as a termination message may hold. */
const KEPT_CHARACTERS = 4096
/** Of a log that is read. */
const KEPT_LOG_CHARACTERS = 256 << 10
/** Rounds of a loop that are gone through before the time that is asked about. */
const KEPT_ROUNDS = 1000
/** A log that takes more steps than this to come to the time asked about is at its end. */
const LOG_STEP_LIMIT = 10 * STEP_LIMIT

export class Interpreter implements ShellState {
  readonly #context: ShellContext
  readonly #window: LogWindow | undefined
  readonly #isForFiles: boolean
  readonly #variables: Map<string, string>
  readonly files: ShellFiles
  readonly #output: ShellOutput
  #elapsedMs = 0
  #steps = 0
  #exitsOnError = false
  #readsClock = false
  #readsFiles = false
  #hasSkipped = false
  /** When a command is cut off. */
  #untilMs: number
  /** It would have gone on after the window. */
  isCut = false
  #stdout: Sink
  #stderr: Sink
  status = 0

  /**
   * @param window without one, a loop that repeats itself is the end of it
   * @param isForFiles what comes into files matters, not what is printed: no round of a loop is skipped
   */
  constructor(context: ShellContext, window?: LogWindow, isForFiles = false) {
    this.#context = context
    this.#isForFiles = isForFiles
    this.#window = window
    this.#untilMs = window?.untilMs ?? Number.POSITIVE_INFINITY
    this.#variables = new Map(Object.entries(context.environment))
    const elapsed = () => this.#elapsedMs
    this.files = new ShellFiles(elapsed, context.found ?? NOTHING_FOUND)
    this.#output = new ShellOutput(elapsed, window === undefined ? KEPT_CHARACTERS : KEPT_LOG_CHARACTERS, this.files)
    this.#stdout = this.#output.log
    this.#stderr = this.#output.log
  }

  get now(): number {
    return this.#context.now + this.#elapsedMs
  }

  /** A script that asks for them may wait for a time: its loops end though no variable changes. */
  secondsByTheClock(): number {
    this.#readsClock = true
    return Math.floor(this.now / 1000)
  }

  run(body: (interpreter: Interpreter) => number): Prediction {
    const outcome = (runsForMs: Prediction['runsForMs'], exitCode: number): Prediction => {
      return { runsForMs, exitCode, printed: this.#output.chunks, files: this.files.written, absences: this.files.absences }
    }
    try {
      const exitCode = body(this)
      return outcome(this.#elapsedMs, exitCode)
    } catch (jump) {
      if (jump instanceof Exit) return outcome(this.#elapsedMs, jump.exitCode)
      if (jump instanceof Forever) return outcome('forever', 0)
      if (jump instanceof LoopJump) return outcome(this.#elapsedMs, 0)
      throw jump
    }
  }

  print(text: string): void {
    this.#stdout(text)
  }

  spend(milliseconds: number): void {
    if (milliseconds === Number.POSITIVE_INFINITY) throw new Forever()
    this.#elapsedMs += milliseconds
    if (this.#elapsedMs <= this.#untilMs) return
    if (this.#untilMs === this.#window?.untilMs) this.isCut = true
    throw new Forever()
  }

  #step(): void {
    if (++this.#steps > (this.#window === undefined || this.#isForFiles ? STEP_LIMIT : LOG_STEP_LIMIT)) throw new Forever()
  }

  complain(text: string): void {
    this.#stderr(text)
  }

  /** A script that looks may wait for a file: its loops end though no variable changes. */
  look(): ShellFiles {
    this.#readsFiles = true
    return this.files
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name)
  }

  /** `NAME=value`, or what `let` takes. */
  assign(text: string): void {
    const increment = /^(\w+)(\+\+|--)$/.exec(text)
    if (increment !== null) {
      const value = Number(this.#variables.get(increment[1]!) ?? 0)
      this.#variables.set(increment[1]!, String(increment[2] === '++' ? value + 1 : value - 1))
      return
    }
    const at = text.indexOf('=')
    if (at > 0) this.#variables.set(text.slice(0, at), text.slice(at + 1))
  }

  execute(argv: readonly string[]): number {
    this.#step()
    let words = [...argv]
    while (words.length > 0 && /^[A-Za-z_]\w*=/.test(words[0]!)) this.assign(words.shift()!)
    while (words.length > 1 && WRAPPERS.has(programName(words[0]!))) {
      words = words.slice(1)
      while (words[0]?.startsWith('-')) words.shift()
    }
    if (words.length === 0) return 0
    const name = programName(words[0]!)
    const args = words.slice(1)
    if (SHELLS.has(name)) return this.#shell(args)
    if (name === 'set' && args.some((arg) => /^-[a-z]*e/.test(arg))) this.#exitsOnError = true
    if (name === 'export' || name === 'local' || name === 'readonly') for (const arg of args) this.assign(arg)
    if (name === 'env' || name === 'command') {
      const rest = args.filter((arg) => !arg.startsWith('-'))
      if (rest.length === 0)
        this.print(
          Object.entries(this.#context.environment)
            .map(([key, value]) => `${key}=${value}\n`)
            .join(''),
        )
      else if (!(name === 'command' && args[0] === '-v')) return this.execute(rest)
    }
    if (ENDLESS.has(name)) throw new Forever()
    const builtin = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined
    if (builtin !== undefined) return builtin(args, this)
    if (QUICK.has(name)) return 0
    return this.#unknown()
  }

  /** As timeout(1): 124 when the limit cuts it off. */
  executeAtMost(limitMs: number, argv: readonly string[]): number {
    const outer = this.#untilMs
    const endsAt = this.#elapsedMs + limitMs
    this.#untilMs = Math.min(outer, endsAt)
    try {
      return this.execute(argv)
    } catch (jump) {
      if (!(jump instanceof Forever)) throw jump
    } finally {
      this.#untilMs = outer
    }
    this.#elapsedMs = endsAt
    return 124
  }

  #shell(args: readonly string[]): number {
    const script = args.findIndex((arg) => /^-[a-z]*c[a-z]*$/.test(arg))
    // A shell on its own reads from standard input, which is at its end; a script file is a program nobody knows.
    if (script < 0) return args.some((arg) => !arg.startsWith('-')) ? this.#unknown() : 0
    if (args.slice(0, script + 1).some((arg) => /^-[a-z]*e/.test(arg))) this.#exitsOnError = true
    const text = args.slice(script + 1).find((arg) => !/^-\w+$/.test(arg))
    if (text === undefined) return 2
    for (const [index, value] of args.slice(args.indexOf(text, script) + 1).entries()) this.#variables.set(String(index), value)
    const parsed = parseScript(text)
    return parsed === undefined ? this.#unknown() : this.#evaluate(parsed, false)
  }

  #unknown(): number {
    const { runsForMs, exitCode } = this.#context.unknownCommand
    this.spend(runsForMs === 'forever' ? Number.POSITIVE_INFINITY : runsForMs)
    return exitCode
  }

  /** @param isTested its failure is looked at, so `set -e` leaves it alone */
  #evaluate(node: Node, isTested: boolean): number {
    this.#step()
    this.status = this.#evaluateNode(node, isTested)
    if (this.status !== 0 && this.#exitsOnError && !isTested && (node.type === 'command' || node.type === 'pipe'))
      throw new Exit(this.status)
    return this.status
  }

  #evaluateNode(node: Node, isTested: boolean): number {
    switch (node.type) {
      case 'command':
        return this.execute(node.words.flatMap((word) => this.#expand(word)))
      case 'not':
        return this.#evaluate(node.body, true) === 0 ? 1 : 0
      case 'group':
        return this.#evaluate(node.body, isTested)
      case 'redirected':
        return this.#redirected(node.body, node.redirections, isTested)
      case 'pipe':
        return this.#pipe(node.stages)
      case 'if':
        if (this.#evaluate(node.condition, true) === 0) return this.#evaluate(node.then, isTested)
        return node.otherwise === undefined ? 0 : this.#evaluate(node.otherwise, isTested)
      case 'for':
        for (const value of node.words.flatMap((word) => this.#expand(word))) {
          this.#variables.set(node.variable, value)
          if (!this.#loopBody(node.body, isTested)) break
        }
        return this.status
      case 'while':
        return this.#while(node, isTested)
      case 'list':
        return this.#list(node.items, isTested)
    }
  }

  #list(items: (Node & { type: 'list' })['items'], isTested: boolean): number {
    let status = 0
    for (const [index, item] of items.entries()) {
      if (item.joinedBy === '&&' && status !== 0) continue
      if (item.joinedBy === '||' && status === 0) continue
      const next = items[index + 1]
      const isOperand = next !== undefined && next.joinedBy !== ';'
      status = item.inBackground ? this.#background(item.node) : this.#evaluate(item.node, isTested || isOperand)
    }
    return status
  }

  /** Runs beside the script, which ends without it: as the first process of a container does. */
  #background(node: Node): number {
    const before = this.#elapsedMs
    try {
      this.#evaluate(node, true)
    } catch (jump) {
      if (!(jump instanceof Exit) && !(jump instanceof Forever)) throw jump
    }
    this.#elapsedMs = before
    return 0
  }

  #redirected(body: Node, redirections: readonly Redirection[], isTested: boolean): number {
    const [stdout, stderr] = [this.#stdout, this.#stderr]
    try {
      for (const { from, to } of redirections) {
        const sink =
          'descriptor' in to
            ? to.descriptor === 1
              ? this.#stdout
              : this.#stderr
            : this.#output.file(this.#expand(to.file).join(' '), to.appends)
        if (from !== 2) this.#stdout = sink
        if (from !== 1) this.#stderr = sink
      }
      return this.#evaluate(body, isTested)
    } finally {
      this.#stdout = stdout
      this.#stderr = stderr
    }
  }

  /** Stages run at once: the time is the longest one's, the status the last one's. What passes all others on is printed as it comes. */
  #pipe(stages: readonly Node[]): number {
    const start = this.#elapsedMs
    const outer = this.#stdout
    const lastSource = stages.findLastIndex((stage) => !passesOn(stage))
    let longest = 0
    let status = 0
    for (const [index, stage] of stages.entries()) {
      this.#elapsedMs = start
      this.#stdout = index < lastSource ? () => {} : outer
      try {
        status = this.#evaluate(stage, true)
      } finally {
        this.#stdout = outer
      }
      longest = Math.max(longest, this.#elapsedMs - start)
    }
    this.#elapsedMs = start + longest
    return status
  }

  #while(node: Node & { type: 'while' }, isTested: boolean): number {
    const rounds: Round[] = []
    const canSkip = this.#window !== undefined && !this.#isForFiles && isStraight(node.body) && isStraight(node.condition)
    for (;;) {
      const before = this.#fingerprint()
      const doneBefore = this.#done()
      const startedAt = this.#elapsedMs
      if ((this.#evaluate(node.condition, true) === 0) === node.until) return 0
      if (!this.#loopBody(node.body, isTested)) return 0
      const isRepeating = this.#fingerprint() === before
      if (isRepeating && this.files.expectMissed()) continue
      if (this.#window === undefined) {
        if (isRepeating) throw new Forever()
        continue
      }
      // It prints in no time for ever, or never: the log is at its end.
      if (isRepeating && (this.#elapsedMs === startedAt || this.#done() === doneBefore)) throw new Forever()
      if (this.#isForFiles) continue
      if (isRepeating) this.#skipRounds({ milliseconds: this.#elapsedMs - startedAt, steps: new Map() })
      else if (canSkip && !this.#hasSkipped) {
        rounds.push({ variables: new Map(this.#variables), elapsedMs: this.#elapsedMs })
        const stride = rounds.length < 3 ? undefined : strideOf(rounds.at(-3)!, rounds.at(-2)!, rounds.at(-1)!)
        if (stride !== undefined) this.#skipRounds(stride)
      }
    }
  }

  /** How much it has done of what is asked about. */
  #done(): number {
    return this.#isForFiles ? this.files.changes : this.#output.printed
  }

  /** Goes on shortly before the time that is asked about. */
  #skipRounds({ milliseconds, steps }: Stride): void {
    const rounds = Math.floor((this.#window!.fromMs - this.#elapsedMs) / milliseconds) - KEPT_ROUNDS
    if (this.#hasSkipped || !(rounds > 0)) return
    this.#hasSkipped = true
    this.#elapsedMs += rounds * milliseconds
    for (const [name, step] of steps) this.#variables.set(name, String(Number(this.#variables.get(name)) + rounds * step))
  }

  /** false when the loop was left by `break`. */
  #loopBody(body: Node, isTested: boolean): boolean {
    try {
      this.#evaluate(body, isTested)
      return true
    } catch (jump) {
      if (jump instanceof LoopJump) return !jump.isBreak
      throw jump
    }
  }

  #fingerprint(): string {
    return JSON.stringify([
      ...this.#variables,
      this.#readsClock ? this.#elapsedMs : 0,
      ...(this.#readsFiles ? [...this.files.written, ...this.files.removed] : []),
    ])
  }

  #expand(word: Word): string[] {
    return expandWord(word, { variables: this.#variables, status: this.status, capture: (script) => this.#capture(script) })
  }

  #capture(script: string): string {
    const parsed = parseScript(script)
    if (parsed === undefined) return ''
    const outer = this.#stdout
    let captured = ''
    this.#stdout = (text) => {
      captured += text
    }
    try {
      this.#evaluate(parsed, true)
    } catch (jump) {
      if (!(jump instanceof Exit)) throw jump
    } finally {
      this.#stdout = outer
    }
    return captured.replace(/\n+$/, '')
  }
}

/** Does it print all that it is given? */
function passesOn(node: Node): boolean {
  if (node.type !== 'command') return false
  const name = node.words[0]?.[0]?.text
  return name === 'tee' || (name === 'cat' && node.words.length === 1)
}
