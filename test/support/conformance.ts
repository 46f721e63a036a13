/** What upstream's e2e framework gives each test: a cluster, a namespace of its own, clients, and ways to wait for events. */
import { expect } from 'vitest'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import { type Cluster, type ClusterOptions, createCluster } from '../../src/index.ts'
import { Api, type Json } from './api.ts'
import { type ClientForm, type EventStream, ResourceClient, StatusError, uniqueName } from './resource-client.ts'

export class Conformance {
  readonly cluster: Cluster
  readonly api: Api
  readonly #url: string
  readonly #definitions: ReadonlyMap<string, ResourceDefinition>
  readonly #streams: EventStream[] = []

  private constructor(cluster: Cluster, url: string) {
    this.cluster = cluster
    this.api = new Api(cluster)
    this.#url = url
    this.#definitions = new Map(loadDefinitions().map((definition) => [`${definition.apiVersion}/${definition.resource}`, definition]))
  }

  /** On the virtual clock, and with no nodes unless asked for: what an API server alone has. */
  static async start(options: ClusterOptions = {}): Promise<Conformance> {
    const cluster = await createCluster({ nodes: 0, clock: 'virtual', ...options })
    return new Conformance(cluster, await cluster.listen())
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close()
    await this.cluster.close()
  }

  /** A fresh namespace with all that upstream's framework waits for in one. Upstream: framework.go CreateTestingNS */
  async namespace(base: string): Promise<string> {
    const name = uniqueName(base)
    const labels = { 'e2e-framework': base, 'pod-security.kubernetes.io/enforce': 'privileged' }
    await this.client('v1/namespaces').create({ metadata: { name, labels } })
    await this.cluster.settle()
    await this.client('v1/serviceaccounts', name).get('default')
    await this.client('v1/configmaps', name).get('kube-root-ca.crt')
    return name
  }

  /** @param path `v1/pods`, `apps/v1/deployments` */
  client(path: string, namespace = '', form: ClientForm = 'typed'): ResourceClient {
    return new ResourceClient(this.api, this.#url, this.#definitions.get(path)!, namespace, form, this.#streams)
  }

  dynamicClient(path: string, namespace = ''): ResourceClient {
    return this.client(path, namespace, 'dynamic')
  }

  async seconds(count: number): Promise<void> {
    await this.cluster.advance(count * 1000)
  }

  /** `/apis`, the group's and the version's discovery documents name these. Upstream says this in every "API operations" test. */
  async expectDiscovered(path: string, subresources: readonly string[] = []): Promise<void> {
    const { group, version, apiVersion, resource } = this.#definitions.get(path)!
    const groups = (await this.api.get('/apis')).body.groups as Json[]
    expect(groups.find(({ name }) => name === group).versions).toContainEqual({ groupVersion: apiVersion, version })
    expect((await this.api.get(`/apis/${group}`)).body.versions).toContainEqual({ groupVersion: apiVersion, version })
    const names = (await this.api.get(`/apis/${apiVersion}`)).body.resources.map(({ name }: Json) => name)
    expect(names).toEqual(expect.arrayContaining([resource, ...subresources.map((name) => `${resource}/${name}`)]))
  }
}

/** The error of a call that must fail with this reason. */
export async function expectRefused(call: Promise<unknown>, reason: string): Promise<Json> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error(`done, where ${reason} was expected`)
  expect(error.status.reason, error.message).toBe(reason)
  return error.status
}

export function expectNewer(object: Json, old: Json): void {
  expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(Number(old.metadata.resourceVersion))
}

/** Upstream: apimachineryutils.HaveValidResourceVersion */
export function expectValidRevision({ metadata }: Json): void {
  expect(metadata.resourceVersion).toMatch(/^[1-9]\d*$/)
}

/** The very next event is this one; with an object, its state must be that one's. */
export async function expectEvent(stream: EventStream, type: string, object?: Json): Promise<Json> {
  const event = await stream.next()
  expect(event?.type).toBe(type)
  if (object !== undefined) expect(event!.object).toEqual(object)
  return event!.object
}

/** Passes over events until one is as wanted. Upstream: watchtools.Until */
export async function until(stream: EventStream, type: string, holds: (object: Json) => boolean = () => true): Promise<Json> {
  for (;;) {
    const event = await stream.next()
    if (event === undefined) throw new Error(`the watch ended before a ${type} event that was as wanted`)
    if (event.type === type && holds(event.object)) return event.object
  }
}

/** What is left of a stream that has come to its timeout. */
export async function expectNoMoreEvents(stream: EventStream): Promise<void> {
  expect(await stream.next()).toBeUndefined()
}

export const namesOf = (list: Json): string[] => list.items.map(({ metadata }: Json) => metadata.name)
