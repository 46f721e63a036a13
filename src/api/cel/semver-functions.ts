import type { Environment } from '@marcbachmann/cel-js'
import { normalizedVersion, parseSemanticVersion, SemanticVersion } from './semantic-version.ts'

export const SEMVER = 'kubernetes.Semver'

/** Upstream: apiserver/pkg/cel/library/semverlib.go. */
export function registerVersions(environment: Environment): void {
  const read = (text: string): SemanticVersion => {
    const version = parseSemanticVersion(text)
    if (version === undefined) throw new Error(`invalid semantic version ${JSON.stringify(text)}`)
    return version
  }
  const as = (text: string, isNormalized: boolean) => (isNormalized ? normalizedVersion(text) : text)
  environment
    .registerType(SEMVER, { ctor: SemanticVersion, fields: {} })
    .registerFunction(`semver(string): ${SEMVER}`, read)
    .registerFunction(`semver(string, bool): ${SEMVER}`, (text: string, isNormalized: boolean) => read(as(text, isNormalized)))
    .registerFunction('isSemver(string): bool', (text: string) => parseSemanticVersion(text) !== undefined)
    .registerFunction(
      'isSemver(string, bool): bool',
      (text: string, isNormalized: boolean) => parseSemanticVersion(as(text, isNormalized)) !== undefined,
    )
    .registerFunction(`${SEMVER}.isGreaterThan(${SEMVER}): bool`, (a: SemanticVersion, b: SemanticVersion) => a.compareTo(b) > 0)
    .registerFunction(`${SEMVER}.isLessThan(${SEMVER}): bool`, (a: SemanticVersion, b: SemanticVersion) => a.compareTo(b) < 0)
    .registerFunction(`${SEMVER}.compareTo(${SEMVER}): int`, (a: SemanticVersion, b: SemanticVersion) => BigInt(a.compareTo(b)))
    .registerFunction(`${SEMVER}.major(): int`, ({ numbers }: SemanticVersion) => numbers[0])
    .registerFunction(`${SEMVER}.minor(): int`, ({ numbers }: SemanticVersion) => numbers[1])
    .registerFunction(`${SEMVER}.patch(): int`, ({ numbers }: SemanticVersion) => numbers[2])
    .registerOperator(`${SEMVER} == ${SEMVER}`, (a: SemanticVersion, b: SemanticVersion) => a.compareTo(b) === 0)
}
