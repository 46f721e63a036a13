import { defineResource } from '../../definition.ts'
import { isSameValue } from '../../meta/field-checks.ts'
import { invalid } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { FlowSchema } from '../../types.gen.ts'
import { MANDATORY_SCHEMAS } from './built-in-objects.ts'
import { conditionTypeFaults } from './condition-types.ts'
import { validateFlowSchemaSpec } from './flow-schema-validation.ts'

const GO_NAME: GoStruct = { Name: '' }
const GO_SPEC: GoStruct = {
  PriorityLevelConfiguration: GO_NAME,
  MatchingPrecedence: 0,
  DistinguisherMethod: { pointer: { Type: '' } },
  Rules: [
    {
      Subjects: [
        { Kind: '', User: { pointer: GO_NAME }, Group: { pointer: GO_NAME }, ServiceAccount: { pointer: { Namespace: '', Name: '' } } },
      ],
      ResourceRules: [{ Verbs: null, APIGroups: null, Resources: null, ClusterScope: false, Namespaces: null }],
      NonResourceRules: [{ Verbs: null, NonResourceURLs: null }],
    },
  ],
}

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
  validate: ({ metadata, spec, status }) => {
    const errors = validateFlowSchemaSpec(metadata.name, spec)
    const fixed = MANDATORY_SCHEMAS[metadata.name]
    if (fixed !== undefined && !isSameValue(spec, fixed)) {
      errors.push(invalid('spec', showGoStruct(spec, GO_SPEC), `spec of '${metadata.name}' must equal the fixed value`))
    }
    return [...errors, ...conditionTypeFaults(status?.conditions)]
  },
  validateStatusUpdate: ({ status }) => conditionTypeFaults(status?.conditions),
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
