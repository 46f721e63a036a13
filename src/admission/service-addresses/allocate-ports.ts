/** The node ports of a Service. Upstream: registry/core/service/storage/alloc.go initNodePorts, updateNodePorts. */
import { needsHealthCheckPort, needsNodePorts } from '../../api/core/v1/service-needs.ts'
import { ApiError, internalError, invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import type { Service } from '../../api/types.gen.ts'
import { FULL, type PortAllocation } from './port-pool.ts'

/** In place. @throws ApiError */
export function allocatePorts(ports: PortAllocation, service: Service, old: Service | undefined): void {
  const { type } = service.spec
  if (type === 'NodePort' || type === 'LoadBalancer') {
    if (old === undefined) initNodePorts(ports, service)
    else updateNodePorts(ports, service, old)
  }
  if (needsHealthCheckPort(service) && !(old !== undefined && needsHealthCheckPort(old))) allocateHealthCheckPort(ports, service)
}

/** Ports of one number, for different protocols, share a node port. */
function initNodePorts(ports: PortAllocation, service: Service): void {
  const list = service.spec.ports ?? []
  const allocated = new Map<number, number>()
  for (const [i, each] of list.entries()) {
    if (!each.nodePort && !needsNodePorts(service)) continue
    const known = allocated.get(each.port)
    if (known === undefined) {
      const asked = list.find(({ port, nodePort }) => port === each.port && nodePort)?.nodePort
      if (asked) take(ports, service, i, asked)
      each.nodePort = asked || next(ports)
      allocated.set(each.port, each.nodePort)
    } else if (!each.nodePort) each.nodePort = known
    else if (each.nodePort !== known) take(ports, service, i, each.nodePort)
  }
}

function updateNodePorts(ports: PortAllocation, service: Service, old: Service): void {
  const kept = new Set((old.spec.ports ?? []).map(({ nodePort }) => nodePort))
  const seen = new Set<string>()
  const allocated = new Set<number>()
  for (const [i, port] of (service.spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePorts(service)) continue
    if (!port.nodePort) port.nodePort = next(ports)
    else if (!kept.has(port.nodePort) && !allocated.has(port.nodePort)) {
      take(ports, service, i, port.nodePort)
      allocated.add(port.nodePort)
    }
    const text = `{${port.protocol} ${port.nodePort}}`
    if (seen.has(text)) throw new ApiError(500, '', `duplicate nodePort: ${text}`)
    seen.add(text)
  }
}

function take(ports: PortAllocation, { metadata }: Service, i: number, port: number): void {
  const fault = ports.take(port)
  if (fault === undefined) return
  throw invalidError({ group: '', kind: 'Service' }, metadata.name ?? '', [invalid(`spec.ports[${i}].nodePort`, port, fault)])
}

function next(ports: PortAllocation): number {
  const port = ports.next()
  if (port === undefined) throw internalError(`failed to allocate a nodePort: ${FULL}`)
  return port
}

function allocateHealthCheckPort(ports: PortAllocation, { spec }: Service): void {
  if (spec.healthCheckNodePort) {
    const fault = ports.take(spec.healthCheckNodePort)
    if (fault === undefined) return
    throw internalError(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${fault}`)
  }
  const port = ports.next()
  if (port === undefined) throw internalError(`failed to allocate a HealthCheck NodePort 0: ${FULL}`)
  spec.healthCheckNodePort = port
}
