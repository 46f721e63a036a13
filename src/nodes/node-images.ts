/**
 * Which images were pulled to which node. A Node's status tells of them with its next report; until then they are known here, and
 * after a restart from the pods that use them.
 */
import { createHash } from 'node:crypto'
import type { ContainerImage, Node, Pod } from '../api/types.gen.ts'
import { imageID, normalizedImage } from './container-identity.ts'

/** What one node has. */
export interface ImageStore {
  readonly has: (image: string) => boolean
  readonly add: (image: string) => void
}

/** Upstream: nodeStatusMaxImages. */
const REPORTED_LIMIT = 50
const LEAST_BYTES = 2_000_000
const MOST_BYTES = 300_000_000

export class NodeImages {
  /** By node: normalized names. */
  readonly #nodes = new Map<string, Set<string>>()

  /**
   * What the node has as far as is known from what is stored, and learns from now on.
   * @param podsOnNode read once for each node
   */
  of(node: Node, podsOnNode: () => readonly Pod[]): ImageStore {
    const known = this.#known(node, podsOnNode)
    return { has: (image) => known.has(normalizedImage(image)), add: (image) => known.add(normalizedImage(image)) }
  }

  forgetNode(name: string): void {
    this.#nodes.delete(name)
  }

  /** What the node is to report: what it did, and what was pulled since; undefined when that is the same. */
  reportOf(node: Node): readonly ContainerImage[] | undefined {
    const told = node.status?.images ?? []
    const names = new Set(told.flatMap((image) => image.names ?? []).map(normalizedImage))
    const untold = [...(this.#nodes.get(node.metadata.name) ?? [])].filter((name) => !names.has(name))
    if (untold.length === 0) return undefined
    const pulled = untold.map((name): ContainerImage => {
      const digest = imageID(name)
      return { names: digest === name ? [name] : [digest, name], sizeBytes: imageBytes(name) }
    })
    return [...told, ...pulled].sort((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0)).slice(0, REPORTED_LIMIT)
  }

  #known(node: Node, podsOnNode: () => readonly Pod[]): Set<string> {
    let known = this.#nodes.get(node.metadata.name)
    if (known === undefined) {
      known = new Set((node.status?.images ?? []).flatMap(({ names = [] }) => names.map(normalizedImage)))
      for (const { status } of podsOnNode()) {
        for (const { image, imageID } of [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]) {
          if (imageID) known.add(normalizedImage(image))
        }
      }
      this.#nodes.set(node.metadata.name, known)
    }
    return known
  }
}

/** The size of an image, the same wherever it is pulled. */
export function imageBytes(image: string): number {
  return LEAST_BYTES + (digestOf(image, 0) % (MOST_BYTES - LEAST_BYTES))
}

/** What a pull takes: less than the whole seconds that statuses have. */
export function pullMs(image: string): number {
  return 150 + (digestOf(image, 4) % 800)
}

function digestOf(image: string, offset: number): number {
  return createHash('sha256').update(normalizedImage(image)).digest().readUInt32BE(offset)
}
