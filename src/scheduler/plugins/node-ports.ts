import type { Node, Pod } from '../../api/types.gen.ts'
import { hostPortsOf, isSamePort } from '../pod-info.ts'
import { type Change, type Plugin, perhaps } from './plugin.ts'

export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter: ({ pod }, node) =>
    pod.hostPorts.some((port) => node.isPortTaken(port))
      ? perhaps("node(s) didn't have free ports for the requested pod ports")
      : undefined,
  hints: {
    pods(pod, { current, old }: Change<Pod>) {
      if (current !== undefined) return false
      const wanted = hostPortsOf(pod)
      return hostPortsOf(old!).some((freed) => wanted.some((port) => isSamePort(port, freed)))
    },
    nodes: (_pod, { old }: Change<Node>) => old === undefined,
  },
}
