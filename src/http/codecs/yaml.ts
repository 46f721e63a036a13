/**
 * YAML as sigs.k8s.io/yaml has it: YAML 1.1 (`yes` and `on` are true, `0777` is octal), but without its times, sets and base-60
 * numbers; keys become strings; of a stream only the first document is read.
 */
import { LineCounter, parseDocument, stringify, type Tags } from 'yaml'

export interface DecodedYaml {
  readonly value: unknown
  /** What strict decoding says of repeated keys. */
  readonly strictError: string | undefined
}

/** The message is in upstream's form: `yaml: line 3: …`. */
export class YamlError extends Error {}

const LEFT_OUT = new Set(['timestamp', 'binary', 'omap', 'pairs', 'set'])

function customTags(tags: Tags): Tags {
  return tags.filter(
    (tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !LEFT_OUT.has(tag.tag.slice(tag.tag.lastIndexOf(':') + 1))),
  )
}

/** Upstream: yaml/v2 scannerc.go max_flow_level. */
const MAX_DEPTH = 10_000
const TOO_DEEP = `exceeded max depth of ${MAX_DEPTH}`

/**
 * Refuses what would keep the parser busy for many seconds before it runs out of stack. Brackets in texts count too: nobody has
 * so many open there.
 */
function checkDepth(text: string): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x5d || c === 0x7d) depth--
    else if ((c === 0x5b || c === 0x7b) && ++depth > MAX_DEPTH) {
      const line = text.slice(0, i).split('\n').length
      throw new YamlError(`yaml: ${line === 1 ? '' : `line ${line}: `}${TOO_DEEP}`)
    }
  }
}

/** @throws YamlError */
export function decodeYaml(text: string): DecodedYaml {
  checkDepth(text)
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    version: '1.1',
    customTags,
    prettyErrors: false,
    lineCounter,
    uniqueKeys: true,
    logLevel: 'silent',
  })
  const repeated: string[] = []
  for (const error of document.errors) {
    const { line } = lineCounter.linePos(error.pos[0])
    if (error.code === 'MULTIPLE_DOCS') continue
    if (error.code !== 'DUPLICATE_KEY') throw new YamlError(`yaml: line ${line}: ${reasonOf(error)}`)
    const key = /^\s*(?:"([^"]*)"|'([^']*)'|([^:\n]*?))\s*:/.exec(text.slice(error.pos[0]))
    repeated.push(`  line ${line}: key ${JSON.stringify(key?.[1] ?? key?.[2] ?? key?.[3] ?? '')} already set in map`)
  }
  const strictError = repeated.length === 0 ? undefined : UNMARSHAL_ERRORS + repeated.join('\n')
  try {
    return { value: document.toJS(), strictError }
  } catch (error) {
    throw new YamlError(`yaml: ${reasonOf(error as Error)}`)
  }
}

/** The parser runs out of stack before upstream's limit. */
function reasonOf({ message }: Error): string {
  return message.startsWith('Maximum call stack') ? TOO_DEEP : message
}

/** What strict decoding says, as warnings: a line each for repeated keys of YAML. Upstream: handlers/rest.go parseYAMLWarnings */
export function strictWarnings(errors: readonly string[]): string[] {
  return errors.flatMap((error) => {
    const at = error.indexOf(UNMARSHAL_ERRORS)
    if (at < 0) return [error]
    return error
      .slice(at + UNMARSHAL_ERRORS.length)
      .split('\n')
      .map((line) => line.trim())
  })
}

const UNMARSHAL_ERRORS = 'yaml: unmarshal errors:\n'

/** Keys in alphabetical order, lists not indented, as upstream's. */
export function encodeYaml(value: unknown): string {
  return stringify(value, { version: '1.1', indentSeq: false, lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false })
}
