import type { ScalePaths } from '../../definition.ts'
import { fromLabelSelector, selectorText } from '../../meta/selectors.ts'
import type { KubeObject } from '../../object.ts'
import type { LabelSelector } from '../../types.gen.ts'

interface Replicated extends KubeObject {
  spec: { replicas?: number | undefined; selector: LabelSelector }
  status?: { replicas?: number | undefined } | undefined
}

/** Where /scale finds its numbers in the kinds of this group: they agree on it. */
export const replicasScale: ScalePaths<Replicated> = {
  replicas: ({ spec }) => spec.replicas ?? 0,
  setReplicas: (object, replicas) => {
    object.spec.replicas = replicas
  },
  statusReplicas: ({ status }) => status?.replicas ?? 0,
  selector: ({ spec }) => selectorText(fromLabelSelector(spec.selector) ?? []),
}
