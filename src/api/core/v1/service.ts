import { defineResource } from '../../definition.ts'
import { nameIsDnsLabel } from '../../meta/names.ts'
import type { Service } from '../../types.gen.ts'
import { ageColumn, labelsText, nameColumn } from './metadata-columns.ts'
import { isExternallyAccessible } from './service-needs.ts'
import { keepAllocated, setClusterIps } from './service-update.ts'
import { validateService, validateServiceStatus, validateServiceUpdate } from './service-validation.ts'
import { loadBalancerWarnings, serviceWarnings } from './service-warnings.ts'

/** Three hours. */
const AFFINITY_SECONDS = 10800

/** The addresses and ports it needs are given out by the registry, before validation. Upstream: pkg/registry/core/service. */
export const service = defineResource<Service>('v1/services', {
  createsOnUpdate: true,
  validateName: nameIsDnsLabel,
  setDefaults,
  prepareForCreate: (service) => {
    service.status = { loadBalancer: {} }
    setClusterIps(service)
  },
  prepareForUpdate: keepAllocated,
  validate: (service) => validateService(service),
  validatesUpdateAlone: true,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
  statusWarnings: ({ status }) => loadBalancerWarnings(status),
  columns: [
    nameColumn,
    {
      name: 'Type',
      type: 'string',
      description: 'Where the service can be reached from.',
      priority: 0,
      cell: ({ spec }) => spec.type ?? '',
    },
    {
      name: 'Cluster-IP',
      type: 'string',
      description: 'The address within the cluster.',
      priority: 0,
      cell: ({ spec }) => spec.clusterIP || '<none>',
    },
    { name: 'External-IP', type: 'string', description: 'The address from outside.', priority: 0, cell: externalText },
    { name: 'Port(s)', type: 'string', description: 'The ports, with those of the nodes.', priority: 0, cell: portsText },
    ageColumn,
    {
      name: 'Selector',
      type: 'string',
      description: 'The labels its pods have.',
      priority: 1,
      cell: ({ spec }) => labelsText(spec.selector),
    },
  ],
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
})

/** Upstream: defaults.go SetDefaults_Service. */
function setDefaults(service: Service): void {
  service.spec ??= {}
  const { spec } = service
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  }
  spec.type ||= 'ClusterIP'
  if (spec.ports) {
    for (const port of spec.ports) {
      port.protocol ||= 'TCP'
      port.targetPort ||= port.port
    }
  }
  if (isExternallyAccessible(service)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
  // Not a pointer upstream: always shown, even when empty.
  service.status ??= {}
  service.status.loadBalancer ??= {}
  if (spec.type !== 'LoadBalancer') return
  for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
}

/** Upstream: printers.go getServiceExternalIP. */
function externalText({ spec, status }: Service): string {
  const { externalIPs = [], type } = spec
  if (type === 'ExternalName') return spec.externalName ?? ''
  if (type !== 'LoadBalancer') return externalIPs.join(',') || '<none>'
  const ingress = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || [])
  return [...[...new Set(ingress)].sort(), ...externalIPs].join(',') || '<pending>'
}

function portsText({ spec }: Service): string {
  const texts = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  )
  return texts.join(',') || '<none>'
}
