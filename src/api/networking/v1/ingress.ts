import { loadBalancerWarnings } from '../../core/v1/service-warnings.ts'
import { defineResource } from '../../definition.ts'
import { invalid } from '../../meta/field-error.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { Ingress } from '../../types.gen.ts'
import { validateIngressSpec, validateIngressStatus } from './ingress-validation.ts'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const SHOWN_HOSTS = 3

export const ingress = defineResource<Ingress>('networking.k8s.io/v1/ingresses', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  prepareForCreate: (object) => {
    object.status = { loadBalancer: {} }
  },
  validatesUpdateAlone: true,
  validate: ({ metadata, spec }) => {
    const errors = validateIngressSpec(spec)
    const annotated = metadata.annotations?.[CLASS_ANNOTATION]
    if (annotated !== undefined && spec.ingressClassName !== undefined && annotated !== spec.ingressClassName) {
      const detail = 'must match `ingressClassName` when both are specified'
      errors.push(invalid(`annotations.${CLASS_ANNOTATION}`, annotated, detail))
    }
    return errors
  },
  validateUpdate: (next, old) => validateIngressSpec(next.spec, old.spec),
  validateStatusUpdate: (next, old) => validateIngressStatus(next.status, old.status),
  warnings: ({ metadata, spec }, old) => {
    if (old !== undefined || metadata.annotations?.[CLASS_ANNOTATION] === undefined || spec.ingressClassName !== undefined) return []
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
  },
  statusWarnings: ({ status }) => loadBalancerWarnings(status),
  columns: [
    nameColumn,
    column('Class', 'string', 'The class that serves it.', ({ spec }) => spec.ingressClassName ?? '<none>'),
    column('Hosts', 'string', 'Hosts it answers for.', hostsText),
    column('Address', 'string', 'Where its load balancer is reached.', addressText),
    column('Ports', 'string', 'Ports it listens on.', ({ spec }) => ((spec.tls?.length ?? 0) > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
})

/** Upstream: printers.go formatHosts, which counts rules without a host among the rest. */
function hostsText({ spec }: Ingress): string {
  const rules = spec.rules ?? []
  const hosts: string[] = []
  let isCut = false
  for (const { host } of rules) {
    if (hosts.length === SHOWN_HOSTS) isCut = true
    if (!isCut && host) hosts.push(host)
  }
  if (hosts.length === 0) return '*'
  return isCut ? `${hosts.join(',')} + ${rules.length - SHOWN_HOSTS} more...` : hosts.join(',')
}

function addressText({ status }: Ingress): string {
  const points = status?.loadBalancer?.ingress ?? []
  return [...new Set(points.map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== ''))].sort().join(',')
}
