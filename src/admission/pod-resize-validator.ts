import { podRequests } from '../api/core/v1/pod-resources.ts'
import { forbiddenError } from '../api/meta/api-error.ts'
import { compareQuantities, quantityMilliValue, quantityValue } from '../api/meta/quantity.ts'
import type { Node, Pod } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

/** A pod on a node isn't resized to what the node could never give it. Upstream: plugin/admission/podresize. */
export const podResizeValidator: AdmissionPlugin = {
  name: 'PodResizeValidator',
  handles: ({ operation, definition, subresource }) =>
    operation === 'update' && definition.groupResource === 'pods' && subresource === 'resize',
  validate: ({ object, old, definition }, cluster) => {
    const pod = object as Pod
    const { nodeName } = pod.spec
    if (!nodeName || pod.metadata.generation === old!.metadata.generation) return
    const refuse = (why: string, reason?: string) =>
      forbiddenError(definition, nameForMessages(pod), why, reason === undefined ? undefined : [{ reason }])
    const node = cluster.get<Node>('nodes', '', nodeName)
    if (node === undefined) throw refuse(`node ${JSON.stringify(nodeName)} not found`)
    const os = node.metadata.labels?.['kubernetes.io/os']
    if (os !== undefined && os !== 'linux') {
      throw refuse(
        `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(os)}`,
        'UnsupportedPlatform',
      )
    }
    const lacks = lacksOf(pod, node)
    if (lacks.length > 0) throw refuse(`node didn't have enough allocatable resources: ${lacks.join('; ')}`, 'NodeCapacity')
  },
}

function lacksOf(pod: Pod, node: Node): string[] {
  const requests = podRequests(pod)
  const allocatable = node.status?.allocatable ?? {}
  const lack = (name: string, amountOf: (text: string | undefined) => number) =>
    compareQuantities(requests[name], allocatable[name]) > 0
      ? [`${name}, requested: ${amountOf(requests[name])}, allocatable: ${amountOf(allocatable[name])}`]
      : []
  return [...lack('cpu', quantityMilliValue), ...lack('memory', quantityValue)]
}
