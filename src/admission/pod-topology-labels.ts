import type { KubeObject } from '../api/object.ts'
import type { Binding, Node, Pod } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'

const LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/** A pod carries the zone and the region of its node, from when it is bound. Upstream: plugin/admission/podtopologylabels. */
export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && definition.groupResource === 'pods' && (subresource === '' || subresource === 'binding'),
  mutate: ({ object, subresource }, cluster) => {
    const nodeName = subresource === '' ? (object as Pod).spec.nodeName : nodeOf(object!)
    if (!nodeName) return
    const labels = cluster.get<Node>('nodes', '', nodeName)?.metadata.labels ?? {}
    const known = LABELS.filter((label) => labels[label] !== undefined)
    if (known.length === 0) return
    object!.metadata.labels = { ...object!.metadata.labels, ...Object.fromEntries(known.map((label) => [label, labels[label]!])) }
  },
}

function nodeOf(object: KubeObject): string | undefined {
  const { target } = object as unknown as Binding
  return target.kind === 'Node' ? target.name : undefined
}
