import { defineResource } from '../../definition.ts'
import { findCondition } from '../../meta/conditions.ts'
import { duplicate, type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import { isLongerThan } from '../../meta/names.ts'
import type { Node } from '../../types.gen.ts'
import { NOT_POSITIVE } from './formats.ts'
import { checkCidr, isDualStack } from './ip-address.ts'
import { cidrWarnings } from './ip-warnings.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'
import { checkNodeAnnotations } from './node-annotations.ts'
import { setResourceListDefaults } from './resource-list.ts'
import { checkQuantity } from './resource-validation.ts'
import { checkTaints } from './scheduling-validation.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'

/** Upstream: pkg/registry/core/node/strategy.go. */
export const node = defineResource<Node>('v1/nodes', {
  // A kubelet registers its node with all it knows of it.
  keepsStatusOnCreate: true,
  setDefaults,
  prepareForCreate: (node) => {
    dropDynamicConfig(node)
    if (node.status) delete node.status.config
  },
  prepareForUpdate: dropDynamicConfig,
  prepareForStatusUpdate: ({ status }) => {
    if (status) delete status.config
  },
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  warnings,
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'Is the node ready, and open to new pods?', priority: 0, cell: statusText },
    { name: 'Roles', type: 'string', description: 'What the labels say the node is for.', priority: 0, cell: rolesText },
    ageColumn,
    {
      name: 'Version',
      type: 'string',
      description: 'The version of the kubelet.',
      priority: 0,
      cell: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    },
    {
      name: 'Internal-IP',
      type: 'string',
      description: 'The first address within the cluster.',
      priority: 1,
      cell: (node) => addressText(node, 'InternalIP'),
    },
    {
      name: 'External-IP',
      type: 'string',
      description: 'The first address from outside.',
      priority: 1,
      cell: (node) => addressText(node, 'ExternalIP'),
    },
    {
      name: 'OS-Image',
      type: 'string',
      description: 'The operating system as it names itself.',
      priority: 1,
      cell: ({ status }) => status?.nodeInfo?.osImage || '<unknown>',
    },
    {
      name: 'Kernel-Version',
      type: 'string',
      description: 'The version of the kernel.',
      priority: 1,
      cell: kernelText,
    },
    {
      name: 'Container-Runtime',
      type: 'string',
      description: 'The container runtime and its version.',
      priority: 1,
      cell: ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ],
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
})

function setDefaults(node: Node): void {
  node.spec ??= {}
  const { spec } = node
  // podCIDR is the first of podCIDRs, and wins when an old client changed it alone.
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR]
  else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0]
  node.status ??= {}
  const { status } = node
  if (status.capacity) {
    setResourceListDefaults(status.capacity)
    status.allocatable ??= { ...status.capacity }
  }
  setResourceListDefaults(status.allocatable)
  // Not pointers upstream: always shown, even when empty.
  status.daemonEndpoints ??= {}
  status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 }
  status.nodeInfo ??= {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '',
    osImage: '',
    containerRuntimeVersion: '',
    kubeletVersion: '',
    kubeProxyVersion: '',
    operatingSystem: '',
    architecture: '',
  }
}

/** The kubelet's dynamic configuration is no more. Upstream: strategy.go dropDisabledFields. */
function dropDynamicConfig({ spec }: Node): void {
  delete spec.configSource
}

function validate(node: Node): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = node
  checkNodeAnnotations(errors, node)
  // Upstream puts taints under metadata.
  if (spec.taints) checkTaints(errors, spec.taints, 'metadata.taints')
  checkResources(errors, node)
  const swap = node.status?.nodeInfo?.swap?.capacity
  // Upstream puts this under metadata too.
  if (swap !== undefined && swap <= 0) errors.push(invalid('metadata.nodeSwapStatus.capacity', swap, NOT_POSITIVE))
  checkDeclaredFeatures(errors, node)
  const { podCIDRs = [] } = spec
  podCIDRs.forEach((cidr, i) => {
    checkCidr(errors, cidr, `spec.podCIDRs[${i}]`)
  })
  if (podCIDRs.length > 1) {
    if (podCIDRs.length > 2 || !isDualStack(podCIDRs.map((cidr) => cidr.split('/')[0]!))) {
      errors.push(invalid('spec.podCIDRs', podCIDRs, 'may specify no more than one CIDR for each IP family'))
    }
  }
  return errors
}

function checkResources(errors: FieldError[], { status }: Node): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    const amounts = status?.[list]
    for (const name in amounts) checkQuantity(errors, name, amounts[name]!, `status.${list}.${name}`)
  }
}

const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/

/** Upstream: validation.go validateNodeDeclaredFeatures. */
function checkDeclaredFeatures(errors: FieldError[], { status }: Node): void {
  const features = status?.declaredFeatures
  features?.forEach((feature, i) => {
    const path = `status.declaredFeatures[${i}]`
    const bad = `invalid feature name ${JSON.stringify(feature)}`
    if (isLongerThan(feature, 253)) errors.push(invalid(path, feature, `${bad}: must be no more than 253 characters`))
    else if (!FEATURE.test(feature)) {
      const form =
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
      errors.push(invalid(path, feature, `${bad}: ${form}`))
    }
    const next = features[i + 1]
    if (next === undefined || next > feature) return
    const at = `status.declaredFeatures[${i + 1}]`
    errors.push(next === feature ? duplicate(at, next) : invalid(at, next, 'list must be sorted alphabetically'))
  })
}

/** Upstream: validation.go ValidateNodeUpdate. */
function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors: FieldError[] = []
  const { spec, status } = node
  checkNodeAnnotations(errors, node)
  checkResources(errors, node)
  checkDeclaredFeatures(errors, node)
  const addresses = status?.addresses
  addresses?.forEach((address, i) => {
    const first = addresses.findIndex((other) => other.type === address.type && other.address === address.address)
    if (first < i) errors.push(duplicate(`status.addresses[${i}]`, address))
  })
  const before = old.spec.podCIDRs ?? []
  if (before.length > 0) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    if (before.length !== (spec.podCIDRs?.length ?? 0)) errors.push(forbidden('spec.podCIDRs', detail))
    else for (const [i, cidr] of before.entries()) if (cidr !== spec.podCIDRs?.[i]) errors.push(forbidden('spec.podCIDRs', detail))
  }
  if (old.spec.providerID && old.spec.providerID !== spec.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  if (spec.taints) checkTaints(errors, spec.taints, 'metadata.taints')
  if ((old.spec.externalID ?? '') !== (spec.externalID ?? '')) errors.push(forbidden('spec.externalID', 'may not be updated'))
  return errors
}

/** Upstream: strategy.go nodeWarnings. */
function warnings({ spec }: Node): string[] {
  const texts: string[] = []
  if (spec.configSource) texts.push('spec.configSource: the feature is removed')
  if (spec.externalID) texts.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  texts.push(...(spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(`spec.podCIDRs[${i}]`, cidr)))
  return texts
}

function statusText({ spec, status }: Node): string {
  const ready = findCondition(status?.conditions, 'Ready')?.status
  const text = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
  return spec.unschedulable ? `${text},SchedulingDisabled` : text
}

/** Upstream: printers.go findNodeRoles. */
function rolesText({ metadata: { labels } }: Node): string {
  const roles = new Set<string>()
  for (const key in labels) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length))
    else if (key === 'kubernetes.io/role' && labels[key]) roles.add(labels[key])
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function kernelText({ status }: Node): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {}
  return `${kernelVersion || '<unknown>'}${architecture ? ` (${architecture})` : ''}`
}

function addressText({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'
}
