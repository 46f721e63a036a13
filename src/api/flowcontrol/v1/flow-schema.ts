import { defineResource } from '../../definition.ts'
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { FlowSchema, PolicyRulesWithSubjects } from '../../types.gen.ts'

const MAX_PRECEDENCE = 10_000
const SUBJECT_FIELDS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const

export const flowSchema = defineResource<FlowSchema>('flowcontrol.apiserver.k8s.io/v1/flowschemas', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {} as FlowSchema['spec']
    object.spec.matchingPrecedence ||= 1000
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: keepMetadata,
  validate: ({ metadata, spec }) => {
    const errors: FieldError[] = []
    const precedence = spec.matchingPrecedence ?? 0
    const at = 'spec.matchingPrecedence'
    if (precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'))
    if (precedence > MAX_PRECEDENCE) errors.push(invalid(at, precedence, `must not be greater than ${MAX_PRECEDENCE}`))
    if (precedence === 1 && metadata.name !== 'exempt') {
      errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
    }
    if (spec.distinguisherMethod !== undefined) {
      pushUnsupported(errors, 'spec.distinguisherMethod.type', spec.distinguisherMethod.type, ['ByNamespace', 'ByUser'])
    }
    const level = spec.priorityLevelConfiguration?.name
    if (!level) errors.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
    else pushInvalid(errors, 'spec.priorityLevelConfiguration.name', level, isDns1123Subdomain(level))
    spec.rules?.forEach((rule, i) => {
      pushRuleFaults(errors, rule, `spec.rules[${i}]`)
    })
    return errors
  },
  columns: [
    nameColumn,
    column('PriorityLevel', 'string', 'Where its requests queue.', ({ spec }) => spec.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', 'string', 'Lower is asked first.', ({ spec }) => spec.matchingPrecedence ?? 0),
    column('DistinguisherMethod', 'string', 'What tells its flows apart.', ({ spec }) => spec.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    column('MissingPL', 'string', 'Is its priority level missing?', ({ status }) =>
      String(status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?'),
    ),
  ],
})

function pushRuleFaults(errors: FieldError[], rule: PolicyRulesWithSubjects, path: string): void {
  if (!rule.subjects?.length) errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  rule.subjects?.forEach((subject, i) => {
    const at = `${path}.subjects[${i}]`
    if (!(subject.kind in SUBJECT_FIELDS)) {
      errors.push(notSupported(`${at}.kind`, subject.kind ?? '', Object.keys(SUBJECT_FIELDS)))
      return
    }
    for (const [kind, field] of Object.entries(SUBJECT_FIELDS)) {
      const value = subject[field]
      if (kind === subject.kind) {
        if (value === undefined) errors.push(required(`${at}.${field}`, `${field} is required when subject kind is '${kind}'`))
        else if (!value.name) errors.push(required(`${at}.${field}.name`))
      } else if (value !== undefined) {
        errors.push(forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`))
      }
    }
  })
  if (!rule.resourceRules?.length && !rule.nonResourceRules?.length) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
}
