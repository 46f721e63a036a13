import { checkCidr } from '../../core/v1/ip-address.ts'
import { defineResource } from '../../definition.ts'
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { isValidPortName, isValidPortNumber } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, formatLabelSelector, nameColumn } from '../../table-columns.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../../types.gen.ts'
import { networkPolicyWarnings } from './network-policy-warnings.ts'
import { isCidr, isStrictSubnet } from './subnet.ts'

const POLICY_TYPES = ['Ingress', 'Egress']

export const networkPolicy = defineResource<NetworkPolicy>('networking.k8s.io/v1/networkpolicies', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {}
    const { spec } = object
    spec.podSelector ??= {}
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  },
  validatesUpdateAlone: true,
  validate: ({ spec }) => specFaults(spec, STRICT),
  validateUpdate: ({ spec }, old) => specFaults(spec, lenienceFor(old.spec)),
  warnings: networkPolicyWarnings,
  columns: [
    nameColumn,
    column('Pod-Selector', 'string', 'The pods it is for.', ({ spec }) => formatLabelSelector(spec.podSelector)),
    ageColumn,
  ],
})

/** What an old policy has may stay in it, wherever in it that is now. */
interface Lenience {
  readonly cidrs: ReadonlySet<string>
  readonly allowInvalidLabelValue: boolean
}

const STRICT: Lenience = { cidrs: new Set(), allowInvalidLabelValue: false }

function lenienceFor({ podSelector, ingress = [], egress = [] }: NetworkPolicySpec): Lenience {
  const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)]
  return {
    cidrs: new Set(peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])]))),
    allowInvalidLabelValue: validateLabelSelector(podSelector, '').length > 0,
  }
}

/** Upstream: pkg/apis/networking/validation ValidateNetworkPolicySpec. */
function specFaults(spec: NetworkPolicySpec, lenience: Lenience): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector', lenience)
  spec.ingress?.forEach(({ ports, from }, i) => {
    pushRuleFaults(errors, ports, from, `spec.ingress[${i}]`, 'from', lenience)
  })
  spec.egress?.forEach(({ ports, to }, i) => {
    pushRuleFaults(errors, ports, to, `spec.egress[${i}]`, 'to', lenience)
  })
  const types = spec.policyTypes ?? []
  if (types.length > 2) errors.push(invalid('spec.policyTypes', types, 'may not specify more than two policyTypes'))
  else {
    types.forEach((type, i) => {
      pushUnsupported(errors, `spec.policyTypes[${i}]`, type, POLICY_TYPES)
    })
  }
  return errors
}

function pushRuleFaults(
  errors: FieldError[],
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  path: string,
  peersField: string,
  lenience: Lenience,
): void {
  ports.forEach((port, i) => {
    pushPortFaults(errors, port, `${path}.ports[${i}]`)
  })
  peers.forEach((peer, i) => {
    pushPeerFaults(errors, peer, `${path}.${peersField}[${i}]`, lenience)
  })
}

function pushPortFaults(errors: FieldError[], { protocol, port, endPort }: NetworkPolicyPort, path: string): void {
  if (protocol !== undefined) pushUnsupported(errors, `${path}.protocol`, protocol, ['TCP', 'UDP', 'SCTP'])
  const at = `${path}.endPort`
  if (port === undefined) {
    if (endPort !== undefined) errors.push(invalid(at, endPort, 'may not be specified when `port` is not specified'))
  } else if (typeof port === 'string') {
    if (endPort !== undefined) errors.push(invalid(at, endPort, 'may not be specified when `port` is non-numeric'))
    pushInvalid(errors, `${path}.port`, port, isValidPortName(port))
  } else {
    pushInvalid(errors, `${path}.port`, port, isValidPortNumber(port))
    if (endPort === undefined) return
    // Upstream shows `port` here, not `endPort`.
    if (endPort < port) errors.push(invalid(at, port, 'must be greater than or equal to `port`'))
    pushInvalid(errors, at, endPort, isValidPortNumber(endPort))
  }
}

function pushPeerFaults(
  errors: FieldError[],
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  path: string,
  lenience: Lenience,
): void {
  errors.push(...validateLabelSelector(podSelector, `${path}.podSelector`, lenience))
  errors.push(...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`, lenience))
  if (ipBlock !== undefined) pushIpBlockFaults(errors, ipBlock, `${path}.ipBlock`, lenience.cidrs)
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
  if (ipBlock === undefined && !hasSelector) errors.push(required(path, 'must specify a peer'))
  if (ipBlock !== undefined && hasSelector) errors.push(forbidden(path, 'may not specify both ipBlock and another peer'))
}

function pushIpBlockFaults(
  errors: FieldError[],
  { cidr, except = [] }: NonNullable<NetworkPolicyPeer['ipBlock']>,
  path: string,
  known: ReadonlySet<string>,
): void {
  if (!cidr) {
    errors.push(required(`${path}.cidr`))
    return
  }
  if (!known.has(cidr)) checkCidr(errors, cidr, `${path}.cidr`)
  if (!isCidr(cidr)) return
  except.forEach((excluded, i) => {
    if (!known.has(excluded)) checkCidr(errors, excluded, `${path}.except[${i}]`)
    if (isCidr(excluded) && !isStrictSubnet(excluded, cidr)) {
      errors.push(invalid(`${path}.except[${i}]`, excluded, 'must be a strict subset of `cidr`'))
    }
  })
}
