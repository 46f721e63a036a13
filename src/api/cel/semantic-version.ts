/** Semantic versions as semver.org has them, strictly. Upstream: github.com/blang/semver, with which devices' versions are read. */
export class SemanticVersion {
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint]
  readonly #prerelease: readonly string[]

  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    this.numbers = numbers
    this.#prerelease = prerelease
  }

  /** -1, 0 or 1; what was built how makes no difference. */
  compareTo(other: SemanticVersion): -1 | 0 | 1 {
    for (const [index, number] of this.numbers.entries()) {
      if (number !== other.numbers[index]) return number < other.numbers[index]! ? -1 : 1
    }
    return comparePrereleases(this.#prerelease, other.#prerelease)
  }
}

const NUMBER = '(0|[1-9]\\d*)'
const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const SYNTAX = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)
const MAX_UINT64 = (1n << 64n) - 1n

/** undefined when the text is none */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  const match = SYNTAX.exec(text)
  if (match === null) return undefined
  const numbers = [BigInt(match[1]!), BigInt(match[2]!), BigInt(match[3]!)] as const
  if (numbers.some((number) => number > MAX_UINT64)) return undefined
  return new SemanticVersion(numbers, match[4]?.split('.') ?? [])
}

/** Without a leading `v` and leading zeros, with `.0` for what is missing. Upstream: cel/library/semverlib.go normalizeAndParse. */
export function normalizedVersion(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length === 0 ? [] : [rest.join('.')])]
  const trimmed = parts.map((part) => part.replace(/^0+(?=\d)/, ''))
  // A short version has neither a prerelease nor a build.
  if (parts.length < 3 && /[+-]/.test(trimmed.at(-1)!)) return text
  while (trimmed.length < 3) trimmed.push('0')
  return trimmed.join('.')
}

function comparePrereleases(a: readonly string[], b: readonly string[]): -1 | 0 | 1 {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 0 : a.length === 0 ? 1 : -1
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareIdentifiers(a[index]!, b[index]!)
    if (order !== 0) return order
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const [isA, isB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isA && isB) return BigInt(a) < BigInt(b) ? -1 : 1
  if (isA !== isB) return isA ? -1 : 1
  return a < b ? -1 : 1
}
