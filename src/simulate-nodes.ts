/** What the REST endpoints and the library can do to nodes, as writes of a client. What follows is up to controllers. */
import { ApiError, badRequestError } from './api/meta/api-error.ts'
import { parseQuantity } from './api/meta/quantity.ts'
import type { KubeObject, New } from './api/object.ts'
import type { ConfigMap, Node } from './api/types.gen.ts'
import type { Client } from './client/client.ts'
import type { NodeAction, NodePoolState, NodeRequest, Simulation } from './http/routes/simulation.ts'
import { MAX_NODES } from './nodes/agent/node-index.ts'
import { BEHAVIOUR_CONFIG_MAP, faultOfBehaviour } from './nodes/inherited-behaviour.ts'
import { NODE_ACTIONS, type NodeOptions, newNode } from './nodes/node-objects.ts'
import { faultOfPool, type NodePool, POOL_LABEL, resize } from './nodes/node-pool.ts'

export function simulateNodes(client: Client): Simulation {
  const refTo = (name: string) => ({ resource: 'nodes', namespace: '', name })
  const actions = Object.fromEntries(
    Object.entries(NODE_ACTIONS).map(([action, patch]) => [action, (name: string) => client.patch(refTo(name), patch)]),
  ) as Pick<Simulation, NodeAction>
  const poolNodes = async () => {
    const pools = new Map<string, Node[]>()
    for (const node of (await client.list<Node>('nodes')).items) {
      const pool = node.metadata.labels?.[POOL_LABEL]
      if (pool === undefined) continue
      const nodes = pools.get(pool)
      if (nodes === undefined) pools.set(pool, [node])
      else nodes.push(node)
    }
    return pools
  }
  const setPool = async (pool: NodePool): Promise<NodePoolState> => {
    const fault = faultOfPool(pool, MAX_NODES)
    if (fault !== undefined) throw badRequestError(fault)
    const { joining, leaving } = resize(pool, (await poolNodes()).get(pool.name) ?? [])
    await Promise.all(joining.map((node) => client.create('nodes', node)))
    await Promise.all(leaving.map(({ metadata: { name, uid } }) => client.delete(refTo(name), { preconditions: { uid } })))
    return poolState(pool.name, (await poolNodes()).get(pool.name) ?? [])
  }
  return {
    join: async (request) => {
      for (const [resource, amount] of Object.entries(request.capacity ?? {})) {
        if (parseQuantity(String(amount)) === undefined)
          throw badRequestError(`capacity.${resource} must be a quantity such as "4" or "8Gi", not ${JSON.stringify(amount)}`)
      }
      return client.create('nodes', newNode(await nameOf(client, request), request as NodeOptions))
    },
    leave: (name) => client.delete(refTo(name), {}),
    ...actions,
    pools: async () => [...(await poolNodes())].map(([name, nodes]) => poolState(name, nodes)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    setPool: (name, request) => setPool({ ...request, name } as NodePool),
    behaviour: async () => (await behaviourOf(client))?.data ?? {},
    setBehaviour: async (behaviour) => {
      const fault = faultOfBehaviour(behaviour)
      if (fault !== undefined) throw badRequestError(fault)
      const stored = await behaviourOf(client)
      const data = { ...behaviour }
      const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...BEHAVIOUR_CONFIG_MAP }, data } as New<ConfigMap>
      const kept = stored === undefined ? client.create('configmaps', made) : client.update('configmaps', { ...stored, data })
      return (await kept).data ?? {}
    },
    removePool: async (name) => {
      await setPool({ name, count: 0 })
    },
  }
}

/** It may not be there: then nobody has said anything. */
async function behaviourOf(client: Client): Promise<ConfigMap | undefined> {
  try {
    return await client.get<ConfigMap>({ resource: 'configmaps', ...BEHAVIOUR_CONFIG_MAP })
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined
    throw error
  }
}

function poolState(name: string, nodes: readonly KubeObject[]): NodePoolState {
  const names = nodes.map(({ metadata }) => metadata.name)
  return { name, count: names.length, nodes: names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })) }
}

async function nameOf(client: Client, { name }: NodeRequest): Promise<string> {
  if (name !== undefined) {
    if (typeof name !== 'string') throw badRequestError('name must be a string')
    return name
  }
  const { items } = await client.list('nodes')
  const taken = new Set(items.map(({ metadata }) => metadata.name))
  for (let i = 1; ; i++) if (!taken.has(`node-${i}`)) return `node-${i}`
}
