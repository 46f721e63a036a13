/** What else of a pod's spec the scheduler reads: tolerations, gates, spread constraints. And taints of nodes. */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isQualifiedName, isValidLabelValue } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import type { PodSchedulingGate, Taint, Toleration, TopologySpreadConstraint } from '../../types.gen.ts'
import { checkMatchLabelKeys } from './affinity-validation.ts'
import { NOT_POSITIVE, pushInvalid } from './formats.ts'

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTolerations(errors: FieldError[], tolerations: Toleration[], path: string): void {
  for (let i = 0; i < tolerations.length; i++) {
    const { key, operator, value, effect, tolerationSeconds } = tolerations[i]!
    const at = `${path}[${i}]`
    if (key) pushInvalid(errors, `${at}.key`, key, isQualifiedName(key))
    else if (operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(`${at}.operator`, operator ?? '', detail))
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    switch (operator ?? '') {
      case '':
      case 'Equal': {
        const messages = isValidLabelValue(value ?? '')
        if (messages.length > 0) errors.push(invalid(`${at}.operator`, value, messages.join(';')))
        break
      }
      case 'Exists':
        if (value) errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"))
        break
      case 'Lt':
      case 'Gt':
        // The gate TaintTolerationComparisonOperators is off; upstream names them all the same.
        errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists', 'Lt', 'Gt']))
        break
      default:
        errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']))
    }
    if (effect && !TAINT_EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, TAINT_EFFECTS))
  }
}

/** Upstream: validation.go validateNodeTaints. */
export function checkTaints(errors: FieldError[], taints: Taint[], path: string): void {
  const seen = new Set<string>()
  taints.forEach((taint, i) => {
    const { key, value, effect } = taint
    const at = `${path}[${i}]`
    pushInvalid(errors, `${at}.key`, key ?? '', isQualifiedName(key ?? ''))
    const messages = isValidLabelValue(value ?? '')
    if (messages.length > 0) errors.push(invalid(`${at}.value`, value, messages.join(';')))
    if (!effect) errors.push(required(`${at}.effect`))
    else if (!TAINT_EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, TAINT_EFFECTS))
    const identity = `${effect} ${key}`
    if (seen.has(identity)) errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' })
    seen.add(identity)
  })
}

export function checkSchedulingGates(errors: FieldError[], gates: PodSchedulingGate[], path: string): void {
  gates.forEach(({ name }, i) => {
    pushInvalid(errors, `${path}[${i}]`, name ?? '', isQualifiedName(name ?? ''))
    if (gates.findIndex((gate) => gate.name === name) < i) errors.push(duplicate(`${path}[${i}]`, name))
  })
}

/** Upstream: validation.go validateTopologySpreadConstraints. */
export function checkTopologySpread(errors: FieldError[], constraints: TopologySpreadConstraint[], path: string): void {
  constraints.forEach((constraint, i) => {
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint
    const at = `${path}[${i}]`
    if (!(maxSkew > 0)) errors.push(invalid(`${at}.maxSkew`, maxSkew ?? 0, NOT_POSITIVE))
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
    if (whenUnsatisfiable !== 'DoNotSchedule' && whenUnsatisfiable !== 'ScheduleAnyway') {
      errors.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway']))
    }
    const isRepeated = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)
    if (isRepeated) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(`${at}.minDomains`, minDomains, NOT_POSITIVE))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.push(invalid(`${at}.minDomains`, minDomains, detail))
      }
    }
    for (const key of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[key]
      if (policy !== undefined && policy !== 'Honor' && policy !== 'Ignore') {
        errors.push(notSupported(`${at}.${key}`, policy, ['Honor', 'Ignore']))
      }
    }
    checkMatchLabelKeys(errors, constraint, at)
    if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`))
  })
}
