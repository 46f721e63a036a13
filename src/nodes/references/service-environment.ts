/** The variables by which containers find the services of their namespace. Upstream: pkg/kubelet/envvars FromServices. */
import type { Pod, Service } from '../../api/types.gen.ts'

/** @param services of the pod's namespace, and `kubernetes` of `default`, which every container knows */
export function serviceEnvironment(pod: Pod, services: readonly Service[]): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const service of services) {
    const { name, namespace } = service.metadata
    const isMaster = namespace === 'default' && name === 'kubernetes'
    if (isMaster || (namespace === pod.metadata.namespace && pod.spec.enableServiceLinks !== false)) addService(variables, service)
  }
  return variables
}

function addService(variables: Record<string, string>, { metadata, spec }: Service): void {
  const ip = spec?.clusterIP
  if (!ip || ip === 'None') return
  const prefix = variableName(metadata.name)
  const host = ip.includes(':') ? `[${ip}]` : ip
  variables[`${prefix}_SERVICE_HOST`] = ip
  for (const [i, { name, port, protocol = 'TCP' }] of (spec?.ports ?? []).entries()) {
    const scheme = protocol.toLowerCase()
    const url = `${scheme}://${host}:${port}`
    if (i === 0) {
      variables[`${prefix}_SERVICE_PORT`] = String(port)
      variables[`${prefix}_PORT`] = url
    }
    if (name) variables[`${prefix}_SERVICE_PORT_${variableName(name)}`] = String(port)
    const portPrefix = `${prefix}_PORT_${port}_${protocol}`
    variables[portPrefix] = url
    variables[`${portPrefix}_PROTO`] = scheme
    variables[`${portPrefix}_PORT`] = String(port)
    variables[`${portPrefix}_ADDR`] = ip
  }
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
