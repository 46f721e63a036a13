/**
 * The part of the simulated kubelets that registers CSI drivers: a CSINode for each node whose annotation names some.
 * Upstream: pkg/volume/csi/nodeinfomanager, which makes one for every node.
 */
import type { CSINode, Node } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'

/** On a Node: its drivers, each with how many volumes it can attach if that is limited, as `ebs.csi.aws.com=25,nfs.csi.k8s.io`. */
export const DRIVERS_ANNOTATION = 'coracle.dev/csi-drivers'
const CSI_NODES = 'csinodes.storage.k8s.io'
const DRIVER_NAME = /^[a-z0-9](?:[-.a-z0-9]{0,61}[a-z0-9])?$/i

export interface ObservedDrivers {
  readonly node: Node
  readonly csiNode: CSINode | undefined
}

export const csiNodeController: ControllerDefinition<ObservedDrivers> = {
  name: 'csi-node',
  partOf: 'kubelet',
  component: 'kubelet',
  watches: {
    nodes: (current, old) => {
      const drivers = (node: typeof current) => node?.metadata.annotations?.[DRIVERS_ANNOTATION]
      return current !== undefined && drivers(current) !== drivers(old) ? [current.metadata.name] : []
    },
    [CSI_NODES]: (current, old) => [(current ?? old)!.metadata.name],
  },
  observe(reader, key) {
    const node = reader.get<Node>('nodes', '', key)
    return node && { node, csiNode: reader.get<CSINode>(CSI_NODES, '', key) }
  },
  reconcile: reconcileDrivers,
}

export function reconcileDrivers({ node, csiNode }: ObservedDrivers): Plan {
  const { name, uid } = node.metadata
  const isOwn = csiNode?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true
  const annotated = node.metadata.annotations?.[DRIVERS_ANNOTATION]
  // One that somebody else made is theirs.
  if (annotated === undefined && !isOwn) return {}
  const drivers = driversOf(annotated ?? '', name)
  if (csiNode === undefined) {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }]
    const object = { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name, ownerReferences }, spec: { drivers } }
    return { actions: [{ verb: 'create', resource: CSI_NODES, object: object as never }] }
  }
  const facts = (list: CSINode['spec']['drivers']) => JSON.stringify(list.map((each) => [each.name, each.nodeID, each.allocatable?.count]))
  if (!isOwn || facts(csiNode.spec.drivers) === facts(drivers)) return {}
  return { actions: [{ verb: 'update', resource: CSI_NODES, object: { ...csiNode, spec: { drivers } } as CSINode }] }
}

function driversOf(annotated: string, nodeID: string): CSINode['spec']['drivers'] {
  const drivers = new Map<string, CSINode['spec']['drivers'][number]>()
  for (const part of annotated.split(',')) {
    const [name = '', count] = part.split('=').map((text) => text.trim())
    if (!DRIVER_NAME.test(name) || (count !== undefined && !/^\d{1,9}$/.test(count))) continue
    drivers.set(name, { name, nodeID, ...(count === undefined ? {} : { allocatable: { count: Number(count) } }) })
  }
  return [...drivers.values()]
}
