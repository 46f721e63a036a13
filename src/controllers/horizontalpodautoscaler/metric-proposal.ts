/** What one metric of an autoscaler asks for, and what is told of it. Upstream: horizontal.go computeReplicasForMetric */
import { labelSelectorText } from '../../api/meta/label-selector-text.ts'
import { millisText, quantityMillis } from '../../api/meta/quantity.ts'
import type { MetricIdentifier, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../api/types.gen.ts'
import { explaining, MetricError } from './metrics-source.ts'
import {
  type Proposal,
  replicasForExternal,
  replicasForExternalAverage,
  replicasForObject,
  replicasForObjectAverage,
  replicasForPodsMetric,
  replicasForUsage,
  replicasForUtilization,
  type Scene,
} from './replica-calculator.ts'

export interface MetricProposal {
  readonly replicas: number
  /** As events and conditions call the metric. */
  readonly name: string
  readonly status: MetricStatus
}

export interface MetricFault {
  /** Of the event and of ScalingActive. */
  readonly reason: string
  readonly message: string
  /** What is told of it in what is told of all metrics. */
  readonly error: string
}

/** As /scale says it. */
export interface Replicas {
  readonly spec: number
  readonly status: number
}

export function proposeReplicas(metric: MetricSpec, scene: Scene, replicas: Replicas): MetricProposal | MetricFault {
  switch (metric.type) {
    case 'Resource': {
      const { name, target } = metric.resource!
      return attempt('FailedGetResourceMetric', `failed to get ${name} resource metric value: `, () => {
        const { current, ...proposal } = proposeByResource(scene, replicas, target, name, undefined)
        return { ...proposal, status: { type: 'Resource', resource: { name, current } } }
      })
    }
    case 'ContainerResource': {
      const { name, container, target } = metric.containerResource!
      return attempt('FailedGetContainerResourceMetric', `failed to get ${container} container metric value: `, () => {
        const { current, ...proposal } = proposeByResource(scene, replicas, target, name, container)
        return { ...proposal, status: { type: 'ContainerResource', containerResource: { name, container, current } } }
      })
    }
    case 'Pods': {
      const { metric: identifier, target } = metric.pods!
      return attempt('FailedGetPodsMetric', 'failed to get pods metric value: ', () => {
        const { replicas: wanted, usage } = replicasForPodsMetric(scene, replicas.spec, quantityMillis(target.averageValue), identifier)
        const status: MetricStatus = { type: 'Pods', pods: { metric: identifier, current: { averageValue: millisText(usage) } } }
        return { replicas: wanted, name: `pods metric ${identifier.name}`, status }
      })
    }
    case 'Object':
      return attempt('FailedGetObjectMetric', 'failed to get object metric value: ', () => proposeByObject(metric, scene, replicas))
    case 'External': {
      const { name } = metric.external!.metric
      return attempt('FailedGetExternalMetric', `failed to get ${name} external metric value: `, () =>
        proposeByExternal(metric, scene, replicas),
      )
    }
    default: {
      const message = `unknown metric source type ${JSON.stringify(metric.type)}`
      return { reason: 'InvalidMetricSourceType', message, error: message }
    }
  }
}

/** A fault that some of upstream's callers say more of than the event does. */
class WrappedError extends MetricError {
  readonly event: string

  constructor(prefix: string, event: string) {
    super(prefix + event)
    this.event = event
  }
}

function attempt(reason: string, prefix: string, propose: () => MetricProposal): MetricProposal | MetricFault {
  try {
    return propose()
  } catch (error) {
    if (!(error instanceof MetricError)) throw error
    return { reason, message: error instanceof WrappedError ? error.event : error.message, error: prefix + error.message }
  }
}

function wrapped<T>(prefix: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof MetricError ? new WrappedError(prefix, error.message) : error
  }
}

/** As the metrics server writes amounts. Upstream: buildQuantity */
function amountText(resource: string, millis: bigint): string {
  return millisText(millis, resource === 'memory' ? 'BinarySI' : 'DecimalSI')
}

/** Upstream: computeStatusForResourceMetricGeneric */
function proposeByResource(
  scene: Scene,
  replicas: Replicas,
  target: MetricTarget,
  resource: string,
  container: string | undefined,
): { replicas: number; name: string; current: MetricValueStatus } {
  if (target.averageValue !== undefined) {
    const wanted = quantityMillis(target.averageValue)
    const proposal = explaining(`failed to get ${resource} usage: `, () =>
      replicasForUsage(scene, replicas.spec, wanted, resource, container),
    )
    return {
      replicas: proposal.replicas,
      name: `${resource} resource`,
      current: { averageValue: amountText(resource, proposal.usage) },
    }
  }
  const wanted = target.averageUtilization
  if (wanted === undefined) {
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    )
  }
  const proposal = explaining(`failed to get ${resource} utilization: `, () =>
    replicasForUtilization(scene, replicas.spec, wanted, resource, container),
  )
  return {
    replicas: proposal.replicas,
    name: `${resource} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)`,
    current: { averageUtilization: proposal.utilization, averageValue: amountText(resource, proposal.usage) },
  }
}

/** Upstream: computeStatusForObjectMetric */
function proposeByObject({ object }: MetricSpec, scene: Scene, replicas: Replicas): MetricProposal {
  const { describedObject, metric, target } = object!
  const told = ({ replicas: wanted }: Proposal, name: string, current: MetricValueStatus): MetricProposal => ({
    replicas: wanted,
    name,
    status: { type: 'Object', object: { describedObject, metric, current } },
  })
  if (target.type === 'Value' && target.value !== undefined) {
    const proposal = replicasForObject(scene, replicas.spec, quantityMillis(target.value), metric, describedObject)
    return told(proposal, `${describedObject.kind} metric ${metric.name}`, { value: millisText(proposal.usage) })
  }
  if (target.type === 'AverageValue' && target.averageValue !== undefined) {
    const wanted = quantityMillis(target.averageValue)
    const proposal = wrapped(`failed to get ${metric.name} object metric: `, () =>
      replicasForObjectAverage(scene, replicas.status, wanted, metric, describedObject),
    )
    // Upstream calls it so.
    return told(proposal, externalName(metric), { averageValue: millisText(proposal.usage) })
  }
  throw new MetricError('invalid object metric source: neither a value target nor an average value target was set')
}

/** Upstream: computeStatusForExternalMetric */
function proposeByExternal({ external }: MetricSpec, scene: Scene, replicas: Replicas): MetricProposal {
  const { metric, target } = external!
  const told = ({ replicas: wanted }: Proposal, current: MetricValueStatus): MetricProposal => ({
    replicas: wanted,
    name: externalName(metric),
    status: { type: 'External', external: { metric, current } },
  })
  if (target.averageValue !== undefined) {
    const wanted = quantityMillis(target.averageValue)
    const proposal = wrapped(`failed to get ${metric.name} external metric: `, () =>
      replicasForExternalAverage(scene, replicas.status, wanted, metric),
    )
    return told(proposal, { averageValue: millisText(proposal.usage) })
  }
  if (target.value !== undefined) {
    const wanted = quantityMillis(target.value)
    const proposal = wrapped(`failed to get external metric ${metric.name}: `, () =>
      replicasForExternal(scene, replicas.spec, wanted, metric),
    )
    return told(proposal, { value: millisText(proposal.usage) })
  }
  throw new MetricError('invalid external metric source: neither a value target nor an average value target was set')
}

function externalName({ name, selector }: MetricIdentifier): string {
  return `external metric ${name}(${labelSelectorText(selector)})`
}
