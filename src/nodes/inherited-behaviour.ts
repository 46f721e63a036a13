/**
 * How containers behave by default: as their namespace, their node or the whole cluster says. Nearer says more: a container's own key
 * on the pod, the pod, its namespace, its node, the cluster. Read whenever a pod is looked at, so that a change concerns what comes later.
 */
import { DOMAIN } from '../api/simulation/annotations.ts'
import type { ConfigMap, ObjectMeta, Pod } from '../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../runtime/controller.ts'
import { BEHAVIOUR_KEYS, type BehaviourKey } from './behaviour-annotations.ts'
import { NODE_TIMES, type NodeTime } from './node-times.ts'

/** Whose data is about the whole cluster, a key a datum. */
export const BEHAVIOUR_CONFIG_MAP = { namespace: 'kube-system', name: 'coracle-behaviour' } as const

/** What the cluster says: about containers and about nodes. */
export type ClusterBehaviour = Readonly<Partial<Record<BehaviourKey | NodeTime, string>>>

const CLUSTER_KEYS: Readonly<Record<string, (text: string) => boolean>> = { ...BEHAVIOUR_KEYS, ...NODE_TIMES }

type Annotations = Readonly<Record<string, string>> | undefined

export interface BehaviourSources {
  readonly namespace: { readonly metadata: Pick<ObjectMeta, 'annotations'> } | undefined
  readonly node: { readonly metadata: Pick<ObjectMeta, 'annotations'> } | undefined
  readonly cluster: ClusterBehaviour | undefined
}

/** The pod as it behaves: with the annotations it inherits. Itself when there are none. */
export function withInheritedBehaviour(pod: Pod, { namespace, node, cluster }: BehaviourSources): Pod {
  const own: Annotations = pod.metadata.annotations
  let annotations = inherit(own, namespace?.metadata.annotations)
  annotations = inherit(annotations, node?.metadata.annotations)
  if (cluster !== undefined) annotations = inherit(annotations, asAnnotations(cluster))
  return annotations === own ? pod : { ...pod, metadata: { ...pod.metadata, annotations: annotations as Record<string, string> } }
}

/** Does it say otherwise than before how containers behave? */
export function changesBehaviour(before: Annotations, after: Annotations): boolean {
  if (before === after) return false
  const differs = (key: string) => keyOf(key) !== undefined && before?.[key] !== after?.[key]
  return Object.keys(before ?? {}).some(differs) || Object.keys(after ?? {}).some(differs)
}

/** For a controller that asks `clusterBehaviourOf`. @param keys what a change of it concerns */
export function watchingBehaviour(keys: (reader: Reader) => readonly Key[]): NonNullable<ControllerDefinition['watchesDigests']> {
  return {
    configmaps: {
      keysOf: (current, old, reader) => (isBehaviourConfigMap((current ?? old)!) ? keys(reader) : []),
      keep: (configMap: ConfigMap) => (isBehaviourConfigMap(configMap) ? { data: configMap.data } : {}),
    },
  }
}

export function clusterBehaviourOf(reader: Pick<Reader, 'get'>): ClusterBehaviour | undefined {
  return reader.get<ConfigMap>('configmaps', BEHAVIOUR_CONFIG_MAP.namespace, BEHAVIOUR_CONFIG_MAP.name)?.data
}

function isBehaviourConfigMap({ metadata }: Pick<ConfigMap, 'metadata'>): boolean {
  return metadata.name === BEHAVIOUR_CONFIG_MAP.name && metadata.namespace === BEHAVIOUR_CONFIG_MAP.namespace
}

/** What is wrong with it; undefined when nothing is. */
export function faultOfBehaviour(behaviour: Readonly<Record<string, unknown>>): string | undefined {
  for (const [key, value] of Object.entries(behaviour)) {
    const isRead = Object.hasOwn(CLUSTER_KEYS, key) ? CLUSTER_KEYS[key] : undefined
    if (isRead === undefined) return `${JSON.stringify(key)} is none of the keys ${Object.keys(CLUSTER_KEYS).sort().join(', ')}`
    if (typeof value !== 'string' || !isRead(value)) return `${JSON.stringify(value)} is no value of ${key}`
  }
  return undefined
}

/** @param items as `start-delay=2s` @throws Error that says what is wrong with one */
export function parseBehaviour(items: readonly string[]): ClusterBehaviour {
  const behaviour = Object.fromEntries(
    items.map((item) => {
      const at = item.indexOf('=')
      return at < 0 ? [item.trim(), ''] : [item.slice(0, at).trim(), item.slice(at + 1).trim()]
    }),
  )
  const fault = faultOfBehaviour(behaviour)
  if (fault !== undefined) throw new Error(fault)
  return behaviour
}

/** What is said nearer counts for all containers it is said of. */
function inherit(own: Annotations, from: Annotations): Annotations {
  let merged: Record<string, string> | undefined
  for (const annotation in from) {
    const key = keyOf(annotation)
    if (key === undefined || own?.[annotation] !== undefined || own?.[`${DOMAIN}/${key}`] !== undefined) continue
    merged ??= { ...own }
    merged[annotation] = from[annotation]!
  }
  return merged ?? own
}

/** Of `coracle.dev/KEY` and `KEY.coracle.dev/CONTAINER`. */
function keyOf(annotation: string): BehaviourKey | undefined {
  const slash = annotation.indexOf('/')
  const domain = annotation.slice(0, Math.max(0, slash))
  const key = domain === DOMAIN ? annotation.slice(slash + 1) : domain.endsWith(`.${DOMAIN}`) ? domain.slice(0, -DOMAIN.length - 1) : ''
  return Object.hasOwn(BEHAVIOUR_KEYS, key) ? (key as BehaviourKey) : undefined
}

function asAnnotations(cluster: ClusterBehaviour): Annotations {
  return Object.fromEntries(Object.entries(cluster).map(([key, value]) => [`${DOMAIN}/${key}`, value]))
}
