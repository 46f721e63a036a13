/** Probes and lifecycle hooks. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import type { HTTPGetAction, Lifecycle, Probe } from '../../types.gen.ts'
import { checkNotNegative, checkPort, isHttpHeaderName, pushInvalid } from './formats.ts'

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & { sleep?: { seconds: number } | undefined }

export function checkLivenessProbe(errors: FieldError[], probe: Probe, path: string): void {
  checkProbe(errors, probe, path)
  if (probe.successThreshold !== 1) errors.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
}

export function checkReadinessProbe(errors: FieldError[], probe: Probe, path: string): void {
  checkProbe(errors, probe, path)
  if (probe.terminationGracePeriodSeconds !== undefined) {
    errors.push(
      invalid(`${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'),
    )
  }
}

/** The rules of startup probes are those of liveness probes. */
export const checkStartupProbe = checkLivenessProbe

function checkProbe(errors: FieldError[], probe: Probe, path: string): void {
  checkHandler(errors, probe, undefined, path)
  checkNotNegative(errors, probe.initialDelaySeconds, path, 'initialDelaySeconds')
  checkNotNegative(errors, probe.timeoutSeconds, path, 'timeoutSeconds')
  checkNotNegative(errors, probe.periodSeconds, path, 'periodSeconds')
  checkNotNegative(errors, probe.successThreshold, path, 'successThreshold')
  checkNotNegative(errors, probe.failureThreshold, path, 'failureThreshold')
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
}

/** @param gracePeriod the pod's terminationGracePeriodSeconds, which bounds a sleep */
export function checkLifecycle(errors: FieldError[], lifecycle: Lifecycle, gracePeriod: number | undefined, path: string): void {
  if (lifecycle.postStart) checkHandler(errors, lifecycle.postStart, gracePeriod, `${path}.postStart`)
  if (lifecycle.preStop) checkHandler(errors, lifecycle.preStop, gracePeriod, `${path}.preStop`)
}

function checkHandler(errors: FieldError[], handler: Handler, gracePeriod: number | undefined, path: string): void {
  let handlers = 0
  const isOnly = (name: string): boolean => {
    if (handlers++ === 0) return true
    errors.push(forbidden(`${path}.${name}`, 'may not specify more than 1 handler type'))
    return false
  }
  if (handler.exec && isOnly('exec') && !handler.exec.command?.length) errors.push(required(`${path}.exec.command`))
  if (handler.httpGet && isOnly('httpGet')) checkHttpGet(errors, handler.httpGet, `${path}.httpGet`)
  if (handler.tcpSocket && isOnly('tcpSocket')) checkPort(errors, handler.tcpSocket.port, `${path}.tcpSocket.port`)
  if (handler.grpc && isOnly('grpc')) checkPort(errors, handler.grpc.port, `${path}.grpc.port`)
  if (handler.sleep && isOnly('sleep') && gracePeriod !== undefined) {
    const { seconds } = handler.sleep
    if (seconds < 0 || seconds > gracePeriod) {
      errors.push(invalid(`${path}.sleep`, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`))
    }
  }
  if (handlers === 0) errors.push(required(path, 'must specify a handler type'))
}

function checkHttpGet(errors: FieldError[], { path: urlPath, port, scheme, httpHeaders }: HTTPGetAction, path: string): void {
  if (!urlPath) errors.push(required(`${path}.path`))
  checkPort(errors, port, `${path}.port`)
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(`${path}.scheme`, scheme ?? '', ['HTTP', 'HTTPS']))
  if (httpHeaders) for (const { name } of httpHeaders) pushInvalid(errors, `${path}.httpHeaders`, name, isHttpHeaderName(name ?? ''))
}
