import type { Pod, Toleration } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'

/** Upstream: --default-not-ready-toleration-seconds and its twin. */
const SECONDS = 300
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** Pods stay five minutes on a node that fails, unless they say otherwise. Upstream: plugin/admission/defaulttolerationseconds. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: ({ operation, definition, subresource }) => operation !== 'delete' && subresource === '' && definition.groupResource === 'pods',
  mutate: ({ object }) => {
    const { spec } = object as Pod
    for (const key of KEYS) {
      if (spec.tolerations?.some((toleration) => toleratesNoExecute(toleration, key))) continue
      spec.tolerations = [...(spec.tolerations ?? []), { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }]
    }
  },
}

function toleratesNoExecute(toleration: Toleration, key: string): boolean {
  return (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute')
}
