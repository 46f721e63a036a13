/**
 * Nodes that fail, recover, leave and join by schedule: by the rules in ConfigMaps that are labelled for it. One key stands for all
 * rules. What was missed while the process didn't run isn't made up for.
 */
import type { New } from '../../api/object.ts'
import { DOMAIN } from '../../api/simulation/annotations.ts'
import type { ConfigMap, Node } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { BOOT_ANNOTATION, DRAIN_ANNOTATION, STATE_ANNOTATION } from '../node-state.ts'
import { type ObservedChurn, reconcileChurn } from './reconcile.ts'

/** On a ConfigMap: its values are rules. */
export const CHURN_LABEL = 'coracle.dev/churn'
export const CHURN_KEY = 'rules'

export function nodeChurnController(): ControllerDefinition<ObservedChurn> {
  let anchors: ReadonlyMap<string, number> = new Map()
  let told: ReadonlyMap<string, string> = new Map()
  const departed = new Map<string, New<Node>>()
  return {
    name: 'node-churn',
    component: 'node-churn',
    watches: {
      configmaps: (current, old) => (isRules(current as ConfigMap) || isRules(old as ConfigMap) ? [CHURN_KEY] : []),
      nodes: (current, old) => {
        if (current === undefined && old !== undefined) departed.set(old.metadata.name, asNew(old as Node))
        else departed.delete(current!.metadata.name)
        return []
      },
    },
    indexes: { configmaps: { churn: (configMap: ConfigMap) => (isRules(configMap) ? [CHURN_KEY] : []) } },
    observe: (reader) => {
      const configMaps = reader.indexed<ConfigMap>('configmaps', 'churn', CHURN_KEY)
      return { configMaps, nodes: configMaps.length === 0 ? [] : reader.list<Node>('nodes'), departed, anchors, told }
    },
    reconcile: (observed, { now }) => {
      const step = reconcileChurn(observed, now)
      anchors = step.anchors
      told = step.told
      return step.plan
    },
  }
}

function isRules(configMap: ConfigMap | undefined): boolean {
  return configMap?.metadata.labels?.[CHURN_LABEL] === 'true'
}

/** What made the node what it was, without what others made of it. */
function asNew({ metadata, spec }: Node): New<Node> {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => isAboutWhatItIs(key))
  // Kubernetes' own taints are of what was the matter with it.
  const taints = spec.taints?.filter(({ key }) => !key.startsWith('node.kubernetes.io/')) ?? []
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: metadata.name,
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ...(own.length === 0 ? {} : { annotations: Object.fromEntries(own) }),
    },
    spec: taints.length === 0 ? {} : { taints },
  }
}

/** Not about what happened to it. */
function isAboutWhatItIs(annotation: string): boolean {
  const isOurs = annotation.slice(0, annotation.indexOf('/')).endsWith(DOMAIN)
  return isOurs && ![STATE_ANNOTATION, BOOT_ANNOTATION, DRAIN_ANNOTATION].includes(annotation)
}
