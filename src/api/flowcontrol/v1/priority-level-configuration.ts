import { defineResource } from '../../definition.ts'
import { isSameValue } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../types.gen.ts'
import { MANDATORY_LEVELS } from './built-in-objects.ts'
import { conditionTypeFaults } from './condition-types.ts'

const MAX_QUEUES = 10_000_000
/** A flow's hand of queues is dealt from this many bits of its hash. */
const MAX_HASH_BITS = 60
const V1BETA3_ANNOTATION = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'
const GO_SPEC: GoStruct = {
  Type: '',
  Limited: {
    pointer: {
      NominalConcurrencyShares: 0,
      LimitResponse: { Type: '', Queuing: { pointer: { Queues: 0, HandSize: 0, QueueLengthLimit: 0 } } },
      LendablePercent: null,
      BorrowingLimitPercent: null,
    },
  },
  Exempt: { pointer: { NominalConcurrencyShares: null, LendablePercent: null } },
}

export const priorityLevelConfiguration = defineResource<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
  {
    countsGenerations: true,
    setDefaults: (object) => {
      object.spec ??= {} as PriorityLevelConfiguration['spec']
      const { exempt, limited } = object.spec
      if (exempt !== undefined) {
        exempt.nominalConcurrencyShares ??= 0
        exempt.lendablePercent ??= 0
      }
      if (limited === undefined) return
      limited.nominalConcurrencyShares ??= 30
      limited.lendablePercent ??= 0
      const queuing = limited.limitResponse?.queuing
      if (queuing === undefined) return
      queuing.handSize ||= 8
      queuing.queues ||= 64
      queuing.queueLengthLimit ||= 50
    },
    prepareForCreate: (object) => {
      object.status = {}
    },
    prepareForStatusUpdate: keepMetadata,
    validate: ({ metadata, spec, status }) => {
      const errors: FieldError[] = []
      const { type, exempt, limited } = spec
      if (metadata.annotations?.[V1BETA3_ANNOTATION] !== undefined) {
        errors.push(forbidden('metadata.annotations', `annotation '${V1BETA3_ANNOTATION}' is forbidden`))
      }
      if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
        errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
      }
      if (type === 'Exempt') {
        if (limited !== undefined) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
        if (exempt !== undefined) pushShareFaults(errors, exempt, 'spec.exempt')
      } else if (type === 'Limited') {
        if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
        if (limited === undefined) errors.push(required('spec.limited', 'must not be empty when type is Limited'))
        else pushLimitedFaults(errors, limited, 'spec.limited')
      } else errors.push(notSupported('spec.type', type ?? '', ['Exempt', 'Limited']))
      pushChangesOfFixed(errors, metadata.name, spec)
      return [...errors, ...conditionTypeFaults(status?.conditions)]
    },
    validateStatusUpdate: ({ status }) => conditionTypeFaults(status?.conditions),
    columns: [
      nameColumn,
      column('Type', 'string', 'Are its requests limited?', ({ spec }) => spec.type),
      column(
        'NominalConcurrencyShares',
        'string',
        'Its part of the whole.',
        ({ spec }) => spec.limited?.nominalConcurrencyShares ?? '<none>',
      ),
      column('Queues', 'string', 'Number of queues.', ({ spec }) => spec.limited?.limitResponse?.queuing?.queues ?? '<none>'),
      column('HandSize', 'string', 'Queues a flow may use.', ({ spec }) => spec.limited?.limitResponse?.queuing?.handSize ?? '<none>'),
      column(
        'QueueLengthLimit',
        'string',
        'Requests a queue may hold.',
        ({ spec }) => spec.limited?.limitResponse?.queuing?.queueLengthLimit ?? '<none>',
      ),
      ageColumn,
    ],
  },
)

/** Of the mandatory levels only the shares of `exempt` may change. */
function pushChangesOfFixed(errors: FieldError[], name: string, spec: PriorityLevelConfigurationSpec): void {
  const fixed = MANDATORY_LEVELS[name]
  if (fixed === undefined) return
  const isExempt = name === 'exempt'
  const { exempt: _, ...rest } = spec
  const { exempt: __, ...fixedRest } = fixed
  if (isExempt ? isSameValue(rest, fixedRest) : isSameValue(spec, fixed)) return
  const except = isExempt ? "except the 'spec.exempt' field " : ''
  errors.push(invalid('spec', showGoStruct(spec, GO_SPEC), `spec of '${name}' ${except}must equal the fixed value`))
}

interface Shares {
  readonly nominalConcurrencyShares?: number | undefined
  readonly lendablePercent?: number | undefined
}

function pushShareFaults(
  errors: FieldError[],
  { nominalConcurrencyShares: shares = 0, lendablePercent: lent = 0 }: Shares,
  path: string,
): void {
  if (shares < 0) errors.push(invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
  pushLentFaults(errors, lent, path)
}

function pushLentFaults(errors: FieldError[], lent: number, path: string): void {
  if (lent < 0 || lent > 100) errors.push(invalid(`${path}.lendablePercent`, lent, 'must be between 0 and 100, inclusive'))
}

function pushLimitedFaults(errors: FieldError[], limited: LimitedPriorityLevelConfiguration, path: string): void {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = limited
  if (shares < 0) errors.push(invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'))
  pushResponseFaults(errors, limited.limitResponse ?? ({} as LimitResponse), `${path}.limitResponse`)
  pushLentFaults(errors, lendablePercent, path)
  const borrowed = limited.borrowingLimitPercent
  if (borrowed !== undefined && borrowed < 0) {
    errors.push(invalid(`${path}.borrowingLimitPercent`, borrowed, 'if specified, must be a non-negative integer'))
  }
}

function pushResponseFaults(errors: FieldError[], { type, queuing }: LimitResponse, path: string): void {
  const at = `${path}.queuing`
  // Upstream's messages say Limited where they mean Queue.
  if (type === 'Reject') {
    if (queuing !== undefined) errors.push(forbidden(at, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type !== 'Queue') errors.push(notSupported(`${path}.type`, type ?? '', ['Queue', 'Reject']))
  else if (queuing === undefined) errors.push(required(at, 'must not be empty if limited.limitResponse.type is Limited'))
  else {
    const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing
    if (queueLengthLimit <= 0) errors.push(invalid(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive'))
    if (queues <= 0) errors.push(invalid(`${at}.queues`, queues, 'must be positive'))
    else if (queues > MAX_QUEUES) errors.push(invalid(`${at}.queues`, queues, `must not be greater than ${MAX_QUEUES}`))
    if (handSize <= 0) errors.push(invalid(`${at}.handSize`, handSize, 'must be positive'))
    else if (handSize > queues) errors.push(invalid(`${at}.handSize`, handSize, `should not be greater than queues (${queues})`))
    else {
      const bits = Math.ceil(Math.log2(queues) * handSize)
      const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`
      if (bits > MAX_HASH_BITS) errors.push(invalid(`${at}.handSize`, handSize, detail))
    }
  }
}
