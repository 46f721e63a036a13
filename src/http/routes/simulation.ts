/** Simulated nodes over REST: for those who would rather not write a Node manifest. Documented by @fastify/swagger at /docs. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequestError } from '../../api/meta/api-error.ts'
import type { KubeObject } from '../../api/object.ts'
import { sendJson } from '../respond.ts'

export interface NodeRequest {
  /** `node-N` with the next free N when not given. */
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Quantities: `{ "cpu": "4", "memory": "8Gi" }`. */
  readonly capacity?: Readonly<Record<string, string>>
  readonly taints?: readonly { key: string; value?: string; effect: string }[]
}

export interface NodePoolRequest extends Omit<NodeRequest, 'name'> {
  readonly count: number
  /** Its nodes are in these in turn. */
  readonly zones?: readonly string[]
}

export interface NodePoolState {
  readonly name: string
  readonly count: number
  /** By name. */
  readonly nodes: readonly string[]
}

/** What can be done to a node: what it is called, and what follows. */
const NODE_ACTIONS = {
  cordon: 'A node takes no new pods',
  uncordon: 'A node takes new pods again; if it was being drained, it no longer is',
  drain: 'A node is cordoned and its pods are evicted, but for those of DaemonSets and static ones',
  fail: 'A node falls silent: no heartbeats, and its pods are no longer run',
  disconnect: 'A node is cut off from the network: its pods run on, and their statuses catch up when it recovers',
  crash: 'A machine goes off. Its containers end; they are started anew when it recovers',
  reboot: 'A machine goes off and is back after ten seconds, with another boot ID and all containers started anew',
  recover: 'A node that failed, was disconnected or crashed is back',
} as const

export type NodeAction = keyof typeof NODE_ACTIONS

/** What can be done to simulated nodes. Each rejects with an ApiError. */
export interface Simulation extends Readonly<Record<NodeAction, (name: string) => Promise<KubeObject>>> {
  join(node: NodeRequest): Promise<KubeObject>
  /** Deletes the Node: it leaves in good order. */
  leave(name: string): Promise<void>
  pools(): Promise<readonly NodePoolState[]>
  /** Nodes join until there are NAME-1 to NAME-count, or the last ones leave. Those there are stay as they are. */
  setPool(name: string, pool: NodePoolRequest): Promise<NodePoolState>
  /** How nodes and containers behave when nobody nearer says: `start-delay` → `2s`. */
  behaviour(): Promise<Readonly<Record<string, string>>>
  /** From now on, in place of what was said before. */
  setBehaviour(behaviour: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>
  /** All its nodes leave. */
  removePool(name: string): Promise<void>
}

const NAME_PARAMETER = { type: 'object', properties: { name: { type: 'string', description: 'The name of the Node' } }, required: ['name'] }
const NODE_ANSWER = { description: 'The Node', type: 'object', additionalProperties: true }
const STATUS_ANSWER = { description: 'A Status', type: 'object', additionalProperties: true }
const TAGS = ['nodes']
const POOL_TAGS = ['node pools']
const POOL_PARAMETER = { type: 'object', properties: { name: { type: 'string', description: 'The name of the pool' } }, required: ['name'] }

const TEMPLATE = {
  labels: { type: 'object', additionalProperties: { type: 'string' } },
  annotations: { type: 'object', additionalProperties: { type: 'string' }, examples: [{ 'coracle.dev/start-delay': '5s' }] },
  capacity: { type: 'object', additionalProperties: { type: 'string' }, examples: [{ cpu: '4', memory: '8Gi' }] },
  taints: {
    type: 'array',
    items: {
      type: 'object',
      properties: { key: { type: 'string' }, value: { type: 'string' }, effect: { type: 'string' } },
      required: ['key', 'effect'],
    },
  },
}
const NODE_REQUEST = {
  type: 'object',
  properties: { name: { type: 'string', description: 'node-N with the next free N when not given' }, ...TEMPLATE },
}
const POOL_REQUEST = {
  type: 'object',
  properties: {
    count: { type: 'integer', minimum: 0 },
    zones: { type: 'array', items: { type: 'string' }, description: 'Its nodes are in these in turn' },
    ...TEMPLATE,
  },
  required: ['count'],
}
const POOL_STATE = {
  type: 'object',
  properties: { name: { type: 'string' }, count: { type: 'integer' }, nodes: { type: 'array', items: { type: 'string' } } },
}

const BEHAVIOUR = { type: 'object', additionalProperties: { type: 'string' }, examples: [{ 'start-delay': '2s', 'boot-delay': '30s' }] }

interface SimulationRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  /** For readers alone: the rules of what may be asked are the API's own. */
  readonly schema: object
  readonly handle: (simulation: Simulation, request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

const ROUTES: readonly SimulationRoute[] = [
  {
    method: 'POST',
    url: '/simulation/nodes',
    schema: { tags: TAGS, summary: 'A node joins', body: NODE_REQUEST, response: { 201: NODE_ANSWER, '4xx': STATUS_ANSWER } },
    handle: async (simulation, request, reply) => sendJson(reply, 201, await simulation.join(bodyOf<NodeRequest>(request))),
  },
  {
    method: 'DELETE',
    url: '/simulation/nodes/:name',
    schema: { tags: TAGS, summary: 'A node leaves', params: NAME_PARAMETER, response: { 200: STATUS_ANSWER, '4xx': STATUS_ANSWER } },
    handle: async (simulation, request, reply) => {
      await simulation.leave(nameOf(request))
      sendSuccess(reply, { name: nameOf(request), kind: 'nodes' })
    },
  },
  ...(Object.entries(NODE_ACTIONS) as [NodeAction, string][]).map(([action, summary]) => actionRoute(action, summary)),
  {
    method: 'GET',
    url: '/simulation/node-pools',
    schema: {
      tags: POOL_TAGS,
      summary: 'The pools there are',
      response: { 200: { description: 'By name', type: 'object', properties: { items: { type: 'array', items: POOL_STATE } } } },
    },
    handle: async (simulation, _request, reply) => sendJson(reply, 200, { items: await simulation.pools() }),
  },
  {
    method: 'PUT',
    url: '/simulation/node-pools/:name',
    schema: {
      tags: POOL_TAGS,
      summary: 'A pool gets this many nodes: missing ones join, from the template, and the last ones leave',
      params: POOL_PARAMETER,
      body: POOL_REQUEST,
      response: { 200: { description: 'The pool', ...POOL_STATE }, '4xx': STATUS_ANSWER },
    },
    handle: async (simulation, request, reply) =>
      sendJson(reply, 200, await simulation.setPool(nameOf(request), bodyOf<NodePoolRequest>(request))),
  },
  {
    method: 'DELETE',
    url: '/simulation/node-pools/:name',
    schema: {
      tags: POOL_TAGS,
      summary: 'All nodes of a pool leave',
      params: POOL_PARAMETER,
      response: { 200: STATUS_ANSWER, '4xx': STATUS_ANSWER },
    },
    handle: async (simulation, request, reply) => {
      await simulation.removePool(nameOf(request))
      sendSuccess(reply, { name: nameOf(request), kind: 'node-pools' })
    },
  },
  {
    method: 'GET',
    url: '/simulation/behaviour',
    schema: {
      tags: ['behaviour'],
      summary: 'How containers and nodes behave when no pod, namespace or node says otherwise',
      response: { 200: { description: 'By key, as in annotations', ...BEHAVIOUR } },
    },
    handle: async (simulation, _request, reply) => sendJson(reply, 200, await simulation.behaviour()),
  },
  {
    method: 'PUT',
    url: '/simulation/behaviour',
    schema: {
      tags: ['behaviour'],
      summary: 'How they behave from now on, in place of what was said before',
      body: BEHAVIOUR,
      response: { 200: { description: 'By key, as in annotations', ...BEHAVIOUR }, '4xx': STATUS_ANSWER },
    },
    handle: async (simulation, request, reply) =>
      sendJson(reply, 200, await simulation.setBehaviour(bodyOf<Readonly<Record<string, string>>>(request))),
  },
]

/** Changes with what the routes' document says. */
export const SIMULATION_HASH = createHash('sha512').update(JSON.stringify(ROUTES)).digest('hex').toUpperCase()

export function registerSimulationRoutes(app: FastifyInstance, simulation: Simulation): void {
  app.register(async (routes) => {
    routes.setValidatorCompiler(() => () => true)
    for (const { handle, ...route } of ROUTES) {
      routes.route({ ...route, handler: (request, reply) => handle(simulation, request, reply) })
    }
  })
}

function actionRoute(action: NodeAction, summary: string): SimulationRoute {
  return {
    method: 'POST',
    url: `/simulation/nodes/:name/${action}`,
    schema: { tags: TAGS, summary, params: NAME_PARAMETER, response: { 200: NODE_ANSWER, '4xx': STATUS_ANSWER } },
    handle: async (simulation, request, reply) => sendJson(reply, 200, await simulation[action](nameOf(request))),
  }
}

function sendSuccess(reply: FastifyReply, details: object): void {
  sendJson(reply, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

/** An empty one is an empty object. */
function bodyOf<T>(request: FastifyRequest): T {
  const bytes = request.body as Buffer | undefined
  if (!bytes?.length) return {} as T
  try {
    return JSON.parse(bytes.toString()) as T
  } catch (error) {
    throw badRequestError(`the body must be JSON: ${(error as Error).message}`)
  }
}

const nameOf = (request: FastifyRequest) => (request.params as { name: string }).name
