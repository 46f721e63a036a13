/** What a driver may publish of its devices. Upstream: validation.go validateResourceSliceSpec. */

import { checkNodeSelector } from '../../core/v1/affinity-validation.ts'
import { isSameValue, pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from '../../meta/names.ts'
import type {
  Counter,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceTaint,
  NodeSelector,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../types.gen.ts'
import { checkRequestPolicy } from './capacity-policy.ts'
import { checkBindingConditions } from './claim-status.ts'
import { EFFECTS } from './claim-validation.ts'
import { checkAttribute } from './device-attribute.ts'
import { checkDriverName, checkLabelValue, checkList, checkMap, checkPoolName, checkQualifiedName, checkSet } from './device-formats.ts'

const MAX_DEVICES = 128
/** Of devices that have taints or consume counters. */
const MAX_ADVANCED_DEVICES = 64
const MAX_COUNTER_SETS = 8
const MAX_COUNTERS = 32
const MAX_CONSUMED_SETS = 2
const MAX_ATTRIBUTES_AND_CAPACITIES = 32
const MAX_ATTRIBUTE_VALUES = 48
const MAX_TAINTS = 16
const LONGEST_LABEL = 63
const LONGEST_QUALIFIED_NAME = 63 + 1 + 32

/** @param old undefined on create */
export function validateSlice({ spec }: ResourceSlice, old?: ResourceSlice): FieldError[] {
  const errors: FieldError[] = []
  checkDriverName(errors, spec.driver, 'spec.driver')
  checkPool(errors, spec.pool)
  if (old !== undefined) {
    pushChanged(errors, 'spec.pool.name', spec.pool?.name ?? '', old.spec.pool?.name ?? '')
    pushChanged(errors, 'spec.driver', spec.driver ?? '', old.spec.driver ?? '')
    pushChanged(errors, 'spec.nodeName', spec.nodeName, old.spec.nodeName)
  }
  checkNodes(errors, spec)
  if (spec.sharedCounters && spec.devices) errors.push(invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'))
  const isAdvanced = spec.devices?.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length)
  const before = new Map(old?.spec.devices?.map((device) => [device.name, device]))
  checkSet(
    errors,
    spec.devices,
    isAdvanced ? MAX_ADVANCED_DEVICES : MAX_DEVICES,
    'spec.devices',
    (list, device, at) => checkDevice(list, device, before.get(device.name), at, spec.perDeviceNodeSelection === true),
    ({ name = '' }) => name,
  )
  checkSet(
    errors,
    spec.sharedCounters,
    MAX_COUNTER_SETS,
    'spec.sharedCounters',
    (list, { name, counters }, at) => {
      checkCounterSetName(list, name, `${at}.name`)
      checkCounters(list, counters, `${at}.counters`)
    },
    ({ name = '' }) => name,
  )
  return errors
}

function checkPool(errors: FieldError[], pool: ResourceSliceSpec['pool'] | undefined): void {
  const { name, resourceSliceCount = 0, generation = 0 } = pool ?? {}
  checkPoolName(errors, name, 'spec.pool.name')
  if (resourceSliceCount <= 0) errors.push(invalid('spec.pool.resourceSliceCount', resourceSliceCount, 'must be greater than zero'))
  if (generation < 0) errors.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'))
}

/** Where the devices can be used from, said in one way. */
function checkNodes(errors: FieldError[], { nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: ResourceSliceSpec): void {
  const unset = 'must be either unset or set to'
  const set = pickNodes(errors, { nodeName, nodeSelector, allNodes }, 'spec', `${unset} a non-empty string`)
  const terms = nodeSelector?.nodeSelectorTerms ?? null
  if (nodeSelector && terms?.length !== 1) {
    const shown = terms?.map(({ matchExpressions, matchFields }) => ({
      MatchExpressions: shownRequirements(matchExpressions),
      MatchFields: shownRequirements(matchFields),
    }))
    errors.push(invalid('spec.nodeSelector.nodeSelectorTerms', shown ?? null, 'must have exactly one node selector term'))
  }
  if (perDeviceNodeSelection === true) set.push('`perDeviceNodeSelection`')
  else if (perDeviceNodeSelection === false) errors.push(invalid('spec.perDeviceNodeSelection', false, `${unset} true`))
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) errors.push(required('spec', rule))
  else if (set.length > 1) errors.push(invalid('spec', `{${set.join(', ')}}`, `${rule}, but multiple fields are set`))
}

function shownRequirements(list: NodeSelector['nodeSelectorTerms'][number]['matchFields']): object[] | null {
  return list?.map(({ key = '', operator = '', values = null }) => ({ Key: key, Operator: operator, Values: values })) ?? null
}

/** @returns which of them are set */
function pickNodes(
  errors: FieldError[],
  { nodeName, nodeSelector, allNodes }: Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'>,
  path: string,
  emptyNameText: string,
): string[] {
  const set: string[] = []
  if (nodeName) {
    set.push('`nodeName`')
    pushInvalid(errors, `${path}.nodeName`, nodeName, nameIsDnsSubdomain(nodeName, false))
  } else if (nodeName === '') errors.push(invalid(`${path}.nodeName`, '', emptyNameText))
  if (nodeSelector) {
    set.push('`nodeSelector`')
    checkNodeSelector(errors, nodeSelector, `${path}.nodeSelector`)
  }
  if (allNodes === true) set.push('`allNodes`')
  else if (allNodes === false) errors.push(invalid(`${path}.allNodes`, false, 'must be either unset or set to true'))
  return set
}

function checkDevice(errors: FieldError[], device: Device, old: Device | undefined, path: string, picksNodes: boolean): void {
  const { name = '', attributes = {}, capacity = {}, taints } = device
  pushInvalid(errors, `${path}.name`, name, isDns1123Label(name))
  checkSizes(errors, attributes, capacity, path)
  const longest = { longest: LONGEST_QUALIFIED_NAME }
  checkMap(errors, attributes, longest, `${path}.attributes`, checkQualifiedName, checkAttribute)
  checkMap(errors, capacity, longest, `${path}.capacity`, checkQualifiedName, (list, value, at) =>
    checkRequestPolicy(list, value, `${at}.requestPolicy`, device.allowMultipleAllocations === true),
  )
  if (old === undefined || !isSameValue(old.taints, taints)) checkList(errors, taints, MAX_TAINTS, `${path}.taints`, checkTaint)
  checkSet(
    errors,
    device.consumesCounters,
    MAX_CONSUMED_SETS,
    `${path}.consumesCounters`,
    (list, { counterSet, counters }, at) => {
      checkCounterSetName(list, counterSet, `${at}.counterSet`)
      checkCounters(list, counters, `${at}.counters`)
    },
    ({ counterSet = '' }) => counterSet,
  )
  checkDeviceNodes(errors, device, path, picksNodes)
  checkBindingConditions(errors, device, path)
}

function checkSizes(
  errors: FieldError[],
  attributes: Readonly<Record<string, DeviceAttribute>>,
  capacity: Readonly<Record<string, DeviceCapacity>>,
  path: string,
): void {
  const values = Object.keys(attributes).length
  const total = values + Object.keys(capacity).length
  if (total > MAX_ATTRIBUTES_AND_CAPACITIES) {
    const detail = `the total number of attributes and capacities must not exceed ${MAX_ATTRIBUTES_AND_CAPACITIES}`
    errors.push(invalid(path, total, detail))
  }
  if (values > MAX_ATTRIBUTE_VALUES) {
    errors.push(invalid(path, values, `the total number of attribute values must not exceed ${MAX_ATTRIBUTE_VALUES}`))
  }
}

function checkDeviceNodes(errors: FieldError[], device: Device, path: string, picksNodes: boolean): void {
  const { nodeName, nodeSelector, allNodes } = device
  const when = 'set to true in the ResourceSlice spec'
  if (!picksNodes) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return
    const detail = `\`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is ${when}`
    errors.push(invalid(path, null, detail))
    return
  }
  const set = pickNodes(errors, device, path, 'must not be empty')
  const rule = `exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required when \`perDeviceNodeSelection\` is ${when}`
  if (set.length === 0) errors.push(required(path, rule))
  else if (set.length > 1) errors.push(invalid(path, `{${set.join(', ')}}`, rule))
}

function checkTaint(errors: FieldError[], { key = '', value, effect }: DeviceTaint, path: string): void {
  pushInvalid(errors, `${path}.key`, key, isQualifiedName(key))
  if (value) checkLabelValue(errors, value, `${path}.value`)
  if (!effect) errors.push(required(`${path}.effect`))
  else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS))
}

function checkCounterSetName(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) errors.push(required(path))
  else pushInvalid(errors, path, name, isDns1123Label(name))
}

function checkCounters(errors: FieldError[], counters: Record<string, Counter> = {}, path: string): void {
  if (Object.keys(counters).length === 0) {
    errors.push(required(path))
    return
  }
  const checkKey = (list: FieldError[], key: string, at: string): void => pushInvalid(list, at, key, isDns1123Label(key))
  checkMap(errors, counters, { max: MAX_COUNTERS, longest: LONGEST_LABEL }, path, checkKey, () => {})
}
