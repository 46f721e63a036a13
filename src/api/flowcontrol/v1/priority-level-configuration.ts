import { defineResource } from '../../definition.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { LimitedPriorityLevelConfiguration, LimitResponse, PriorityLevelConfiguration } from '../../types.gen.ts'

const MAX_QUEUES = 10_000_000

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
    validate: ({ metadata, spec: { type, exempt, limited } }) => {
      const errors: FieldError[] = []
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
      return errors
    },
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
  if (lent < 0 || lent > 100) errors.push(invalid(`${path}.lendablePercent`, lent, 'must be between 0 and 100, inclusive'))
}

function pushLimitedFaults(errors: FieldError[], limited: LimitedPriorityLevelConfiguration, path: string): void {
  pushShareFaults(errors, limited, path)
  pushResponseFaults(errors, limited.limitResponse ?? ({} as LimitResponse), `${path}.limitResponse`)
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
  }
}
