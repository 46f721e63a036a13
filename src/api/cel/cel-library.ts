/**
 * The one place that knows which package evaluates CEL. It is loaded when the first expression is compiled: a cluster without any
 * doesn't pay for it.
 */
import { createRequire } from 'node:module'

type Library = typeof import('@marcbachmann/cel-js')

/** Synchronous, for validation is: Node lets ES modules be required from 20.19 on. */
export function celLibrary(): Library {
  return createRequire(import.meta.url)('@marcbachmann/cel-js') as Library
}
