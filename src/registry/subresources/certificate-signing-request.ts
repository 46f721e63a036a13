/** Who decides on a signing request writes its conditions (`approval`), who signs it the certificate (`status`). */
import { X509Certificate } from 'node:crypto'
import { structListDiff } from '../../api/core/v1/spec-diff.ts'
import { invalidError } from '../../api/meta/api-error.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../api/meta/field-error.ts'
import { validateObjectMetaUpdate } from '../../api/meta/object-meta-validation.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { keepSystemMetadata } from '../strategy.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

type Part = 'approval' | 'status'
type Condition = CertificateSigningRequestCondition

const DECISIONS = ['Approved', 'Denied']
/** They are never False: they are there, or not. */
const ONLY_TRUE = [...DECISIONS, 'Failed']
const STATUSES = ['False', 'True', 'Unknown']
const CONDITIONS = 'status.conditions'

/** Upstream: registry/certificates/certificates strategy.go. */
export const certificateApproval = part('approval')
export const certificateStatus = part('status')

function part(name: Part): Subresource {
  return {
    get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
    update: (context, target, change, options) =>
      update(context, target, (current) => change(current!), {
        ...options,
        prepare: (next, old) => prepare(name, next as CertificateSigningRequest, old as CertificateSigningRequest, context.clock.now()),
        validate: (next, old) => {
          const errors = faultsOf(name, next as CertificateSigningRequest, old as CertificateSigningRequest)
          if (errors.length > 0) throw invalidError(target.definition, target.name, errors)
        },
      }),
  }
}

/** In place. */
function prepare(name: Part, next: CertificateSigningRequest, old: CertificateSigningRequest, now: number): void {
  next.spec = old.spec
  const given = next.status?.conditions ?? []
  const kept = name === 'status' ? keepDecisions(given, old.status?.conditions ?? []) : given
  const conditions = kept.map((condition) => withTimes(condition, old.status?.conditions ?? [], timestamp(now)))
  next.status = { ...(name === 'approval' ? old.status : next.status), conditions }
  if (conditions.length === 0 && old.status?.conditions === undefined) delete next.status.conditions
  keepSystemMetadata(next, old)
}

/** A signer that writes back an older copy of a decision changes nothing of it. Upstream: preserveConditionInstances. */
function keepDecisions(next: readonly Condition[], old: readonly Condition[]): Condition[] {
  const conditions = [...next]
  for (const type of DECISIONS) {
    const before = old.filter((condition) => condition.type === type)
    if (before.length !== conditions.filter((condition) => condition.type === type).length) continue
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = before.shift()!
    })
  }
  return conditions
}

function withTimes(condition: Condition, old: readonly Condition[], now: string): Condition {
  const before = old.find(({ type, status }) => type === condition.type && status === condition.status)
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? now,
  }
}

/** Upstream: certificates/validation validateCertificateSigningRequestUpdate. */
function faultsOf(name: Part, next: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const conditions = next.status?.conditions ?? []
  const before = old.status?.conditions ?? []
  const errors = faultsOfConditions(conditions, before)
  const isNewCertificate = (next.status?.certificate ?? '') !== (old.status?.certificate ?? '')
  // Beside a bad certificate another bad one is borne.
  if (isNewCertificate && faultOfCertificate(old.status?.certificate ?? '') === undefined) {
    const fault = faultOfCertificate(next.status?.certificate ?? '')
    if (fault !== undefined) errors.push(invalid('status.certificate', '<certificate data>', fault))
  }
  const count = (list: readonly Condition[], type: string) => list.filter((condition) => condition.type === type)
  for (const type of ONLY_TRUE) {
    if (count(conditions, type).length < count(before, type).length) {
      errors.push(forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`))
    }
  }
  if (name === 'status') {
    for (const type of DECISIONS) {
      const [after, then] = [count(conditions, type), count(before, type)]
      if (after.length > then.length) errors.push(forbidden(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`))
      else if (after.length === then.length && !deepEqual(after, then)) {
        const difference = structListDiff('CertificateSigningRequestCondition', then, after)
        errors.push(forbidden(CONDITIONS, `updates may not modify a condition of type ${JSON.stringify(type)}\n${difference}`))
      }
    }
  }
  if (isNewCertificate && name !== 'status') {
    errors.push(forbidden('status.certificate', 'updates may not set certificate content'))
  } else if (isNewCertificate && old.status?.certificate) {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  }
  return [...errors, ...validateObjectMetaUpdate(next.metadata, old.metadata)]
}

/** What is there already is borne. Upstream: validateConditions, getValidationOptions. */
function faultsOfConditions(conditions: readonly Condition[], old: readonly Condition[]): FieldError[] {
  const errors: FieldError[] = []
  const hasBoth = DECISIONS.every((type) => old.some((condition) => condition.type === type))
  const hasDuplicates = new Set(old.map(({ type }) => type)).size < old.length
  const hasEmpty = old.some(({ type }) => !type)
  const seen = new Set<string>()
  for (const [i, { type = '', status }] of conditions.entries()) {
    const path = `${CONDITIONS}[${i}]`
    if (type === '' && !hasEmpty) errors.push(required(`${path}.type`))
    const allowed = ONLY_TRUE.includes(type) ? ['True'] : STATUSES
    if (!status) errors.push(required(`${path}.status`))
    else if (!allowed.includes(status)) errors.push(notSupported(`${path}.status`, status, allowed))
    const opposite = DECISIONS.find((decision) => decision !== type && DECISIONS.includes(type))
    if (!hasBoth && opposite !== undefined && seen.has(opposite)) {
      errors.push(invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (seen.has(type) && !hasDuplicates) errors.push(duplicate(`${path}.type`, type))
    seen.add(type)
  }
  return errors
}

const PEM_BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g

/** Upstream: validateCertificate. @param base64 of PEM */
function faultOfCertificate(base64: string): string | undefined {
  if (base64 === '') return undefined
  const blocks = [...Buffer.from(base64, 'base64').toString('latin1').matchAll(PEM_BLOCK)]
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const [text, type, content = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (/^[\w-]+:/m.test(content)) return 'no PEM block headers are permitted'
    try {
      new X509Certificate(text)
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return undefined
}
