// Upstream's prose, from the doc comments of @kubernetes/client-node's models (a development dependency).
import { existsSync, readFileSync } from 'node:fs'

const models = new URL('../node_modules/@kubernetes/client-node/dist/gen/models/', import.meta.url)
const capital = (word) => word[0].toUpperCase() + word.slice(1)

/** Namesakes of several groups lead with group and version, the others with the version alone. */
function modelFile(definition) {
  const [group, version, kind] = definition.split('.').slice(-3)
  const candidates = [`${capital(group)}${capital(version)}${kind}`, `${capital(group)}${kind}`, `${capital(version)}${kind}`]
  if (version === 'version') return new URL('VersionInfo.d.ts', models)
  return candidates.map((name) => new URL(`${name}.d.ts`, models)).find((file) => existsSync(file))
}

const ENTITIES = { quot: '"', lt: '<', gt: '>', amp: '&' }

/** A comment's text: the generator escaped it, for two languages, and put two spaces where a paragraph ended. */
function textOf(comment) {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/&(quot|lt|gt|amp);/g, (_entity, name) => ENTITIES[name])
    .replace(/&#(x?)([\dA-F]+);/gi, (_entity, hex, code) => String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)))
    .replace(/\\(["'])/g, '$1')
    .replaceAll('*_/', '*/')
    .trim()
}

/** @returns the type's own text and those of its fields; undefined when the package has no model for it */
export function readProse(definition) {
  const file = modelFile(definition)
  if (!file) return undefined
  const source = readFileSync(file, 'utf8')
  const own = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport declare class/.exec(source)
  const fields = [...source.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s+'([^']+)'\??:/g)].map(([, comment, field]) => [
    field,
    textOf(comment),
  ])
  return { description: own ? textOf(own[1]) : '', fields: Object.fromEntries(fields) }
}

/** @returns parameter → its text, as the operations that take it say; by the first that does */
export function readParameterProse() {
  const source = readFileSync(new URL('../types/ObjectParamAPI.d.ts', models), 'utf8')
  const texts = new Map()
  for (const [, comment, name] of source.matchAll(/\/\*\*\n((?: {5}\*.*\n)+?) {5}\*\/\n {4}_?(\w+)\??: /g)) {
    const [text] = textOf(comment).split(/\n(?=Defaults to: |@type )/)
    if (!texts.has(name)) texts.set(name, text)
  }
  return texts
}
