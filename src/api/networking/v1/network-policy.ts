import { checkCidr } from '../../core/v1/ip-address.ts'
import { defineResource } from '../../definition.ts'
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { isValidPortName, isValidPortNumber } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, formatLabelSelector, nameColumn } from '../../table-columns.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../types.gen.ts'
import { networkPolicyWarnings } from './network-policy-warnings.ts'
import { isStrictSubnet } from './subnet.ts'

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
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    errors.push(...validateLabelSelector(spec.podSelector, 'spec.podSelector'))
    spec.ingress?.forEach(({ ports, from }, i) => {
      pushRuleFaults(errors, ports, from, `spec.ingress[${i}]`, 'from')
    })
    spec.egress?.forEach(({ ports, to }, i) => {
      pushRuleFaults(errors, ports, to, `spec.egress[${i}]`, 'to')
    })
    const types = spec.policyTypes ?? []
    if (types.length > 2) errors.push(invalid('spec.policyTypes', types, 'may not specify more than two policyTypes'))
    else {
      types.forEach((type, i) => {
        pushUnsupported(errors, `spec.policyTypes[${i}]`, type, POLICY_TYPES)
      })
    }
    return errors
  },
  warnings: networkPolicyWarnings,
  columns: [
    nameColumn,
    column('Pod-Selector', 'string', 'The pods it is for.', ({ spec }) => formatLabelSelector(spec.podSelector)),
    ageColumn,
  ],
})

function pushRuleFaults(
  errors: FieldError[],
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  path: string,
  peersField: string,
): void {
  ports.forEach((port, i) => {
    pushPortFaults(errors, port, `${path}.ports[${i}]`)
  })
  peers.forEach((peer, i) => {
    pushPeerFaults(errors, peer, `${path}.${peersField}[${i}]`)
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

function pushPeerFaults(errors: FieldError[], { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string): void {
  errors.push(...validateLabelSelector(podSelector, `${path}.podSelector`))
  errors.push(...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`))
  if (ipBlock !== undefined) pushIpBlockFaults(errors, ipBlock, `${path}.ipBlock`)
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
  if (ipBlock === undefined && !hasSelector) errors.push(required(path, 'must specify a peer'))
  if (ipBlock !== undefined && hasSelector) errors.push(forbidden(path, 'may not specify both ipBlock and another peer'))
}

function pushIpBlockFaults(errors: FieldError[], { cidr, except }: NonNullable<NetworkPolicyPeer['ipBlock']>, path: string): void {
  if (!cidr) {
    errors.push(required(`${path}.cidr`))
    return
  }
  const count = errors.length
  checkCidr(errors, cidr, `${path}.cidr`)
  if (errors.length > count) return
  except?.forEach((excluded, i) => {
    const before = errors.length
    checkCidr(errors, excluded, `${path}.except[${i}]`)
    if (errors.length === before && !isStrictSubnet(excluded, cidr)) {
      errors.push(invalid(`${path}.except[${i}]`, excluded, 'must be a strict subset of `cidr`'))
    }
  })
}
