import { readFileSync } from 'node:fs'
import type { ResourceFacts } from './definition.ts'

/** Reads openapi/resources.json: what every kind that is built in is called, where it lives and what can be done with it. */
export function loadResourceFacts(): readonly ResourceFacts[] {
  // src/api and dist/api are equally deep.
  return JSON.parse(readFileSync(new URL('../../openapi/resources.json', import.meta.url), 'utf8'))
}
