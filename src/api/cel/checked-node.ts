/** What the package's syntax tree has once types are checked, beyond what it declares. */
export interface CheckedNode {
  readonly op: string
  readonly args: unknown
  readonly start: number
  readonly end: number
  readonly checkedType?: { readonly name: string }
  /** How an operator's value follows from those of its operands. */
  handle?: (left: unknown, right: unknown, ...rest: unknown[]) => unknown
}

/** The node and all below it. */
export function* nodesOf(value: unknown): Generator<CheckedNode> {
  if (Array.isArray(value)) for (const each of value) yield* nodesOf(each)
  else if (isNode(value)) {
    yield value
    yield* nodesOf(value.args)
  }
}

export function isNode(value: unknown): value is CheckedNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
