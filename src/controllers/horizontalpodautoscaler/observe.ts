import { matchesSelector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Pod } from '../../api/types.gen.ts'
import { groupOf } from '../scale/scale-kinds.ts'
import type { Autoscaler, ScaleTarget } from './reconcile.ts'
import { type SimulatedWorld, simulatedMetrics } from './simulated-metrics.ts'

/** What the autoscaler is to scale, or why that can't be found. Upstream: scaleForResourceMappings */
export function observeTarget(world: SimulatedWorld, { metadata, spec }: Autoscaler): ScaleTarget | { readonly error: string } {
  const { reader, kinds } = world
  const { apiVersion = '', kind, name } = spec.scaleTargetRef
  const namespace = metadata.namespace ?? ''
  if (apiVersion.split('/').length > 2) return { error: `unexpected GroupVersion string: ${apiVersion}` }
  const group = groupOf(apiVersion)
  const found = kinds.ofGroup(group, kind)
  if (found === undefined) return { error: `no matches for kind "${kind}" in group "${group}"` }
  const { resource, paths } = found
  if (paths === undefined) return { error: 'the server could not find the requested resource' }
  const object = reader.get<KubeObject>(resource, namespace, name)
  if (object === undefined) return { error: `${resource} "${name}" not found` }
  return {
    ref: { resource, namespace, name },
    uid: object.metadata.uid,
    specReplicas: paths.replicas(object),
    statusReplicas: paths.statusReplicas(object),
    selector: paths.selector(object),
    podsOf: (selector) => reader.list<Pod>('pods', namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels)),
    metricsOf: (pods, now) => simulatedMetrics(world, namespace, pods, now),
  }
}
