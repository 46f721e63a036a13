import { claimKeys } from '../../api/resource/v1/claims-of-pod.ts'
import type { DeviceClass, Node, Pod, ResourceV1ResourceClaim as ResourceClaim, ResourceSlice } from '../../api/types.gen.ts'
import { AllocationFault } from '../devices/allocation-fault.ts'
import { CLAIMS, CLASSES, SLICES } from '../devices/device-reader.ts'
import { type Change, isEqual, never, normalized, type Plugin, PluginFault } from './plugin.ts'

const NAME = 'DynamicResources'

/** Devices that the pod's claims have or can get. */
export const dynamicResources: Plugin = {
  name: NAME,
  preFilter: ({ devices }) => devices?.blocked,
  filter({ devices }, { node }) {
    if (devices === undefined || devices.isEmpty) return undefined
    try {
      const reason = devices.objectionTo(node!)
      return reason === undefined ? undefined : never(reason)
    } catch (error) {
      if (error instanceof AllocationFault) throw new PluginFault(`running "${NAME}" filter plugin: ${error.message}`)
      throw error
    }
  },
  score: {
    weight: 2,
    rate({ devices }, nodes) {
      if (devices === undefined || devices.isEmpty) return undefined
      return normalized(nodes.map(({ node }) => devices.preferenceFor(node!)))
    },
  },
  hints: {
    nodes: (_pod, { current, old }: Change<Node>) =>
      current !== undefined &&
      (old === undefined ||
        !isEqual(old.metadata.labels, current.metadata.labels) ||
        !isEqual(old.status?.allocatable, current.status?.allocatable)),
    [CLAIMS](pod: Pod, { current, old }: Change<ResourceClaim>) {
      if (old?.status?.allocation !== undefined && current?.status?.allocation === undefined) return true
      if (current === undefined) return false
      const isOurs = claimKeys(pod).includes(`${current.metadata.namespace}/${current.metadata.name}`)
      return isOurs && (old === undefined || !isEqual(old.status, current.status))
    },
    [CLASSES]: (_pod, { current }: Change<DeviceClass>) => current !== undefined,
    [SLICES]: (_pod, { current }: Change<ResourceSlice>) => current !== undefined,
  },
}
