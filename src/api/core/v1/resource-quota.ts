import { defineResource } from '../../definition.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { compareQuantities } from '../../meta/quantity.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../types.gen.ts'
import { IMMUTABLE } from './formats.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'
import { type ResourceList, setResourceListDefaults } from './resource-list.ts'
import { checkQuotaResourceName, isQuotaResource } from './resource-names.ts'
import { checkQuantity } from './resource-validation.ts'

const POD_COMPUTE: ReadonlySet<string> = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
])

/** What a quota of each scope may count. */
const SCOPES: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: POD_COMPUTE,
  NotTerminating: POD_COMPUTE,
  BestEffort: new Set(['pods']),
  NotBestEffort: POD_COMPUTE,
  PriorityClass: POD_COMPUTE,
  CrossNamespacePodAffinity: POD_COMPUTE,
  VolumeAttributesClass: new Set(['persistentvolumeclaims', 'requests.storage']),
}

/** Scopes without values of their own. */
const BOOLEAN_SCOPES = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']

export const resourceQuota = defineResource<ResourceQuota>('v1/resourcequotas', {
  setDefaults: (quota) => {
    quota.spec ??= {}
    setResourceListDefaults(quota.spec.hard)
    setResourceListDefaults(quota.status?.hard)
    setResourceListDefaults(quota.status?.used)
  },
  prepareForCreate: (quota) => {
    quota.status = {}
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    checkAmounts(errors, spec.hard, 'spec.hard')
    checkScopes(errors, spec)
    checkScopeSelector(errors, spec)
    return errors
  },
  validateUpdate: ({ spec }, { spec: old }) => {
    const scopes = new Set(spec.scopes)
    const before = new Set(old.scopes)
    const isSame = scopes.size === before.size && [...scopes].every((scope) => before.has(scope))
    return isSame ? [] : [invalid('spec.scopes', spec.scopes ?? null, IMMUTABLE)]
  },
  validateStatusUpdate: ({ status }) => {
    const errors: FieldError[] = []
    checkAmounts(errors, status?.hard, 'status.hard')
    checkAmounts(errors, status?.used, 'status.used')
    return errors
  },
  warnings: (quota, old) => (old === undefined ? requestWarnings(quota) : []),
  columns: [
    nameColumn,
    {
      name: 'Request',
      type: 'string',
      description: 'What is used of what may be asked for.',
      priority: 0,
      cell: (quota) => usageText(quota, false),
    },
    {
      name: 'Limit',
      type: 'string',
      description: 'What is used of what limits may add up to.',
      priority: 0,
      cell: (quota) => usageText(quota, true),
    },
    ageColumn,
  ],
})

const BOUNDED = ['cpu', 'memory', 'storage', 'ephemeral-storage']

/** More may be requested than limits may add up to. Upstream: strategy.go WarningsOnCreate. */
function requestWarnings({ spec: { hard = {} } }: ResourceQuota): string[] {
  return BOUNDED.flatMap((name) => {
    const isBare = hard[`requests.${name}`] === undefined && (name === 'cpu' || name === 'memory')
    const request = isBare ? name : `requests.${name}`
    const limit = `limits.${name}`
    if (hard[request] === undefined || hard[limit] === undefined || compareQuantities(hard[request], hard[limit]) <= 0) return []
    return [`ResourceQuota ${request} (${hard[request]}) should be less than ${limit} (${hard[limit]})`]
  })
}

function checkAmounts(errors: FieldError[], amounts: ResourceList | undefined, path: string): void {
  for (const name in amounts) {
    checkQuotaResourceName(errors, name, `${path}[${name}]`)
    checkQuantity(errors, name, amounts[name]!, `${path}[${name}]`)
  }
}

/** Upstream: validation.go validateResourceQuotaScopes. */
function checkScopes(errors: FieldError[], { scopes, hard }: ResourceQuotaSpec): void {
  if (!scopes?.length) return
  const path = 'spec.scopes'
  for (const scope of scopes) {
    if (SCOPES[scope] === undefined) errors.push(invalid(path, scopes, 'unsupported scope'))
    checkCountable(errors, scope, hard, scopes, path)
  }
  if (isContradictory(scopes)) errors.push(invalid(path, scopes, 'conflicting scopes'))
}

function checkCountable(errors: FieldError[], scope: string, hard: ResourceList | undefined, badValue: unknown, path: string): void {
  for (const name of Object.keys(hard ?? {}).sort()) {
    if (!isQuotaResource(name) || SCOPES[scope] === undefined || SCOPES[scope].has(name)) continue
    errors.push(invalid(path, badValue, 'unsupported scope applied to resource'))
  }
}

function isContradictory(scopes: readonly string[]): boolean {
  return (
    (scopes.includes('BestEffort') && scopes.includes('NotBestEffort')) ||
    (scopes.includes('Terminating') && scopes.includes('NotTerminating'))
  )
}

/** Upstream: validation.go validateScopedResourceSelectorRequirement. */
function checkScopeSelector(errors: FieldError[], spec: ResourceQuotaSpec): void {
  const { matchExpressions = [] } = spec.scopeSelector ?? {}
  const path = 'spec.scopeSelector.matchExpressions'
  for (const requirement of matchExpressions) {
    if (SCOPES[requirement.scopeName] === undefined) {
      errors.push(invalid(`${path}.scopeName`, requirement.scopeName, 'unsupported scope'))
    }
    checkCountable(errors, requirement.scopeName, spec.hard, spec.scopeSelector, path)
    checkRequirement(errors, requirement, path)
  }
  if (isContradictory(matchExpressions.map(({ scopeName }) => scopeName))) {
    errors.push(invalid(path, spec.scopes ?? null, 'conflicting scopes'))
  }
}

function checkRequirement(errors: FieldError[], requirement: ScopedResourceSelectorRequirement, path: string): void {
  const { scopeName, operator, values = [] } = requirement
  if (BOOLEAN_SCOPES.includes(scopeName) && operator !== 'Exists') {
    const detail =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
    errors.push(invalid(`${path}.operator`, operator, detail))
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
      errors.push(invalid(`${path}.values`, values, detail))
    }
  } else errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
}

/** Upstream: printers.go printResourceQuota. */
function usageText({ status }: ResourceQuota, isOfLimits: boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter((name) => name.startsWith('limits.') === isOfLimits)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status!.hard![name]}`)
    .join(', ')
}
