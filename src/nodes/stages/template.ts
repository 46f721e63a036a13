/** Runs templates over plain data. Fields that aren't there are nil all the way down, where Go would stop at the second. */

import { isEmpty, print, type TemplateFunction } from './template-functions.ts'
import { type Operand, type Pipeline, parseTemplate, type Template, TemplateFault } from './template-syntax.ts'

/** More than a status ever takes; a range over too much ends here. */
const STEP_LIMIT = 100_000

export type CompiledTemplate = (data: unknown, functions: Readonly<Record<string, TemplateFunction>>) => string

/** @throws TemplateFault, also when it runs */
export function compileTemplate(text: string): CompiledTemplate {
  const template = parseTemplate(text)
  return (data, functions) => new TemplateRun(functions, data).render(template, data)
}

class LoopJump {
  readonly type: 'break' | 'continue'
  constructor(type: 'break' | 'continue') {
    this.type = type
  }
}

type Scope = Map<string, unknown>

class TemplateRun {
  readonly #functions: Readonly<Record<string, TemplateFunction>>
  readonly #scopes: Scope[]
  #output = ''
  #steps = 0

  constructor(functions: Readonly<Record<string, TemplateFunction>>, data: unknown) {
    this.#functions = functions
    this.#scopes = [new Map([['$', data]])]
  }

  render(template: Template, data: unknown): string {
    this.#walk(template, data)
    return this.#output
  }

  #walk(template: Template, dot: unknown): void {
    for (const node of template) {
      if (++this.#steps > STEP_LIMIT) throw new TemplateFault('exceeded the maximum of steps')
      switch (node.type) {
        case 'text':
          this.#output += node.text
          break
        case 'print': {
          const value = this.#evaluate(node.pipeline, dot)
          if (node.pipeline.variables.length > 0) this.#assign(node.pipeline, value)
          else this.#output += print(value)
          break
        }
        case 'if':
        case 'with':
          this.#inScope(() => {
            const value = this.#evaluate(node.pipeline, dot)
            if (node.pipeline.variables.length > 0) this.#assign(node.pipeline, value)
            if (isEmpty(value)) this.#walk(node.otherwise, dot)
            else this.#walk(node.then, node.type === 'with' ? value : dot)
          })
          break
        case 'range':
          this.#range(node.pipeline, node.then, node.otherwise, dot)
          break
        default:
          throw new LoopJump(node.type)
      }
    }
  }

  #range(pipeline: Pipeline, body: Template, otherwise: Template, dot: unknown): void {
    const entries = entriesOf(this.#evaluate(pipeline, dot))
    if (entries.length === 0) return this.#inScope(() => this.#walk(otherwise, dot))
    const { variables } = pipeline
    for (const [key, value] of entries) {
      try {
        this.#inScope((scope) => {
          if (variables.length > 0) scope.set(variables.at(-1)!, value)
          if (variables.length > 1) scope.set(variables[0]!, key)
          this.#walk(body, value)
        })
      } catch (jump) {
        if (!(jump instanceof LoopJump)) throw jump
        if (jump.type === 'break') break
      }
    }
  }

  #inScope(body: (scope: Scope) => void): void {
    const scope: Scope = new Map()
    this.#scopes.push(scope)
    try {
      body(scope)
    } finally {
      this.#scopes.pop()
    }
  }

  #assign({ variables, declares }: Pipeline, value: unknown): void {
    const [name] = variables
    const scope = declares ? this.#scopes.at(-1) : this.#scopes.findLast((each) => each.has(name!))
    if (scope === undefined) throw new TemplateFault(`undefined variable ${JSON.stringify(name)}`)
    scope.set(name!, value)
  }

  #evaluate({ commands }: Pipeline, dot: unknown): unknown {
    let value: unknown
    for (const [index, [head, ...operands]] of commands.entries()) {
      const piped = index === 0 ? [] : [value]
      if (head!.type === 'function') value = this.#call(head!.name, operands, piped, dot)
      else if (operands.length + piped.length > 0) throw new TemplateFault("can't give argument to non-function")
      else value = this.#value(head!, dot)
    }
    return value
  }

  #call(name: string, operands: readonly Operand[], piped: readonly unknown[], dot: unknown): unknown {
    // These look no further than they must.
    if (name === 'and' || name === 'or') {
      let value: unknown
      for (const operand of operands) {
        value = this.#value(operand, dot)
        if (isEmpty(value) === (name === 'and')) return value
      }
      return piped.length > 0 ? piped[0] : value
    }
    const own = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined
    if (own === undefined) throw new TemplateFault(`function ${JSON.stringify(name)} not defined`)
    return own(...operands.map((operand) => this.#value(operand, dot)), ...piped)
  }

  #value(operand: Operand, dot: unknown): unknown {
    let value: unknown
    switch (operand.type) {
      case 'dot':
        value = dot
        break
      case 'literal':
        value = operand.value
        break
      case 'function':
        value = this.#call(operand.name, [], [], dot)
        break
      case 'pipeline':
        value = this.#evaluate(operand.pipeline, dot)
        break
      case 'variable': {
        const scope = this.#scopes.findLast((each) => each.has(operand.name))
        if (scope === undefined) throw new TemplateFault(`undefined variable ${JSON.stringify(operand.name)}`)
        value = scope.get(operand.name)
      }
    }
    for (const name of operand.fields) {
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
    }
    return value
  }
}

/** Maps in the order of their keys. */
function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === undefined || value === null) return []
  if (typeof value === 'number') return Array.from({ length: value }, (_, index) => [index, index])
  if (Array.isArray(value)) return [...value.entries()]
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  throw new TemplateFault(`range can't iterate over ${print(value)}`)
}
