/** What the labels of a namespace ask of its pods. Upstream: k8s.io/pod-security-admission/api/helpers.go. */
import { type FieldError, invalid } from '../../api/meta/field-error.ts'

const LEVELS = ['privileged', 'baseline', 'restricted'] as const
export type Level = (typeof LEVELS)[number]

const PREFIX = 'pod-security.kubernetes.io/'
const VERSION = /^v1\.(0|[1-9]\d*)$/

export interface LevelVersion {
  readonly level: Level
  /** The minor version of the policy. */
  readonly version: number | 'latest'
}

export interface Policy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

/** What a namespace without labels has. */
const PRIVILEGED: LevelVersion = { level: 'privileged', version: 'latest' }
const DEFAULTS: Policy = { enforce: PRIVILEGED, audit: PRIVILEGED, warn: PRIVILEGED }

export type Labels = Readonly<Record<string, string>> | undefined

/** A policy there is always: where labels are wrong it is strict in what it enforces, and silent otherwise. */
export function policyOf(labels: Labels): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  if (labels === undefined) return { policy: DEFAULTS, errors: [] }
  const errors: FieldError[] = []
  const enforce = modeOf(labels, 'enforce', 'restricted', errors)
  const audit = modeOf(labels, 'audit', 'privileged', errors)
  const warn = modeOf(labels, 'warn', 'privileged', errors)
  const enforced = labels[`${PREFIX}enforce`]
  // Who asks for more than is warned of by default is warned of that.
  const warnsAsEnforced =
    labels[`${PREFIX}warn`] === undefined && enforced !== undefined && isLevel(enforced) && enforce.level !== 'privileged'
  if (!warnsAsEnforced) return { policy: { enforce, audit, warn }, errors }
  const version = labels[`${PREFIX}warn-version`] === undefined ? enforce.version : warn.version
  return { policy: { enforce, audit, warn: { level: enforce.level, version } }, errors }
}

function modeOf(labels: NonNullable<Labels>, mode: keyof Policy, levelIfWrong: Level, errors: FieldError[]): LevelVersion {
  const name = `${PREFIX}${mode}`
  const asked = labels[name]
  let level: Level = 'privileged'
  if (asked !== undefined && isLevel(asked)) level = asked
  else if (asked !== undefined) {
    level = levelIfWrong
    errors.push(invalid(`metadata.labels[${name}]`, asked, `must be one of ${LEVELS.join(', ')}`))
  }
  const version = labels[`${name}-version`]
  const minor = VERSION.exec(version ?? '')?.[1]
  if (version !== undefined && version !== 'latest' && minor === undefined) {
    errors.push(invalid(`metadata.labels[${name}-version]`, version, 'must be "latest" or "v1.x"'))
  }
  return { level, version: minor === undefined ? 'latest' : Number(minor) }
}

function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text)
}

/** `restricted:latest`, `baseline:v1.25` */
export function levelVersionText({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`
}

export function isSamePolicy(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.version === b.version
}

/** Negative when `a` is less strict than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return LEVELS.indexOf(a) - LEVELS.indexOf(b)
}

/** What of a policy is set by labels and isn't privileged: `enforce=baseline:latest, warn=restricted:v1.30`. */
export function setModesText(policy: Policy, labels: Labels): string {
  return (['enforce', 'audit', 'warn'] as const)
    .filter((mode) => {
      const isSet = labels?.[`${PREFIX}${mode}`] !== undefined || labels?.[`${PREFIX}${mode}-version`] !== undefined
      return isSet && policy[mode].level !== 'privileged'
    })
    .map((mode) => `${mode}=${levelVersionText(policy[mode])}`)
    .join(', ')
}

export function isFullyPrivileged({ enforce, audit, warn }: Policy): boolean {
  return [enforce, audit, warn].every(({ level }) => level === 'privileged')
}
