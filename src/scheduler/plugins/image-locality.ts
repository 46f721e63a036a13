import type { NodeInfo } from '../node-info.ts'
import type { Situation } from '../situation.ts'
import { BEST, type Plugin } from './plugin.ts'

const MIB = 1024 * 1024
const LEAST_BYTES = 23 * MIB
const MOST_BYTES_PER_CONTAINER = 1000 * MIB

/** How much of the pod's images the node has, by size; images that few nodes have count less, so that not all pods gather there. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  score: {
    weight: 1,
    rate(situation, nodes) {
      if (situation.cache.imageNodes.size === 0) return undefined
      const { containers, initContainers = [], volumes = [] } = situation.pod.pod.spec
      const wanted = [
        ...[...initContainers, ...containers].map(({ image }) => image),
        ...volumes.map(({ image }) => image?.reference),
      ].filter((name) => name !== undefined)
      const most = MOST_BYTES_PER_CONTAINER * (containers.length + initContainers.length)
      return nodes.map((node) => {
        const bytes = wanted.reduce((sum, name) => sum + weighed(situation, node, withTag(name)), 0)
        return Math.floor((BEST * (Math.min(most, Math.max(LEAST_BYTES, bytes)) - LEAST_BYTES)) / (most - LEAST_BYTES))
      })
    },
  },
  hints: {},
}

function weighed({ cache }: Situation, { images }: NodeInfo, name: string): number {
  const size = images.get(name)
  return size === undefined ? 0 : Math.floor(size * ((cache.imageNodes.get(name) ?? 0) / cache.nodes().length))
}

function withTag(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}
