import { forbiddenError } from '../api/meta/api-error.ts'
import type { Node, Pod, PodSpec } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

/**
 * What a kubelet must be able to do for an update of a pod; of some changes every kubelet of this version is capable.
 * Upstream: component-helpers nodedeclaredfeatures/features, each one's InferForUpdate.
 */
const NEEDED: readonly { readonly feature: string; readonly isNeeded: (spec: PodSpec, old: PodSpec) => boolean }[] = [
  {
    feature: 'InPlacePodLevelResourcesVerticalScaling',
    isNeeded: (spec, old) => !deepEqual(spec.resources, old.resources),
  },
  {
    feature: 'InPlacePodVerticalScalingInitContainers',
    isNeeded: (spec, old) =>
      (old.initContainers ?? []).some(
        ({ restartPolicy, resources }, i) => restartPolicy !== 'Always' && !deepEqual(resources, spec.initContainers?.[i]?.resources),
      ),
  },
]

/** A pod on a node isn't changed to what its kubelet doesn't say it can do. Upstream: plugin/admission/nodedeclaredfeatures. */
export const nodeDeclaredFeatureValidator: AdmissionPlugin = {
  name: 'NodeDeclaredFeatureValidator',
  handles: ({ operation, definition, subresource }) =>
    operation === 'update' && definition.groupResource === 'pods' && (subresource === '' || subresource === 'resize'),
  validate: ({ object, old, definition }, cluster) => {
    const pod = object as Pod
    const { nodeName } = pod.spec
    if (!nodeName || pod.metadata.generation === old!.metadata.generation) return
    const needed = NEEDED.filter(({ isNeeded }) => isNeeded(pod.spec, (old as Pod).spec)).map(({ feature }) => feature)
    if (needed.length === 0) return
    const refuse = (why: string) => forbiddenError(definition, nameForMessages(pod), why)
    const node = cluster.get<Node>('nodes', '', nodeName)
    if (node === undefined) throw refuse(`node ${JSON.stringify(nodeName)} not found`)
    const missing = needed.filter((feature) => !node.status?.declaredFeatures?.includes(feature))
    if (missing.length === 0) return
    throw refuse(`pod update requires features ${missing.join(', ')} which are not available on node ${JSON.stringify(nodeName)}`)
  },
}
