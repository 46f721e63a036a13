/**
 * What the server says of its API: /api, /apis, /apis/GROUP, the resources of each version, and the aggregated form of it
 * all. Follows from the definitions alone. They may change at run time, in one step: a new array replaces the old one.
 */
import { createHash } from 'node:crypto'
import type { ResourceDefinition } from '../api/definition.ts'
import type { Answer, DocumentHeaders } from './answer.ts'
import { apiGroupDiscoveryList } from './discovery-aggregated.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './discovery-lists.ts'
import { groupsInOrder, type ServedGroup } from './group-order.ts'
import { type DiscoveryForm, negotiateDiscovery } from './negotiate-discovery.ts'

export interface DiscoverySource {
  /** All that is served now. Another array means that something changed; the same one, that nothing did. */
  readonly definitions: () => readonly ResourceDefinition[]
  /** `host:port`, as clients reach the server. */
  readonly serverAddress: () => string
}

interface Document {
  readonly body: Buffer
  readonly etag: string
}

const isCore = ({ group }: ServedGroup<ResourceDefinition>) => group === ''

export class Discovery {
  readonly #source: DiscoverySource
  #definitions: readonly ResourceDefinition[] = []
  #groups: readonly ServedGroup<ResourceDefinition>[] = []
  /** By path and Content-Type. */
  readonly #documents = new Map<string, Document>()

  constructor(source: DiscoverySource) {
    this.#source = source
  }

  /**
   * @param path of the URL, without its query
   * @returns undefined when there is nothing of that name
   * @throws ApiError 406
   */
  async answer(path: string, headers: DocumentHeaders): Promise<Answer | undefined> {
    this.#follow()
    const name = path.replace(/\/$/, '')
    const canAggregate = name === '/api' || name === '/apis'
    const form = negotiateDiscovery(headers.accept, canAggregate)
    const document = await this.#document(name, form)
    if (document === undefined) return undefined
    if (!form.aggregated) return { status: 200, headers: { 'content-type': form.contentType }, body: document.body }

    const caching = { etag: document.etag, vary: 'Accept', 'cache-control': 'public' }
    if (headers['if-none-match'] === document.etag) return { status: 304, headers: caching, body: Buffer.alloc(0) }
    return { status: 200, headers: { ...caching, 'content-type': form.contentType }, body: document.body }
  }

  #follow(): void {
    const definitions = this.#source.definitions()
    if (definitions === this.#definitions) return
    this.#definitions = definitions
    this.#groups = groupsInOrder(definitions)
    this.#documents.clear()
  }

  async #document(name: string, form: DiscoveryForm): Promise<Document | undefined> {
    const key = `${name} ${form.contentType}`
    const known = this.#documents.get(key)
    if (known) return known
    const definitions = this.#definitions
    const value = this.#build(name, form.aggregated)
    if (value === undefined) return undefined
    const json = JSON.stringify(value)
    const text = form.mediaType === 'application/yaml' ? await yamlText(value) : `${json}\n`
    const hash = createHash('sha512').update(json).digest('hex').toUpperCase()
    const document = { body: Buffer.from(text), etag: `"${hash}"` }
    if (definitions === this.#definitions) this.#documents.set(key, document)
    return document
  }

  #build(name: string, aggregated: string | undefined): object | undefined {
    const [, root, ...rest] = name.split('/')
    const [group, version] = root === 'api' ? ['', rest[0]] : rest
    if ((root !== 'api' && root !== 'apis') || rest.length > (root === 'api' ? 1 : 2)) return undefined
    if (rest.length === 0) return root === 'api' ? this.#buildCore(aggregated) : this.#buildGroups(aggregated)
    if (root === 'apis' && group === '') return undefined

    const served = this.#groups.find((candidate) => candidate.group === group)
    if (served === undefined) return undefined
    if (version === undefined) return apiGroup(served)
    const members = served.versions.find((candidate) => candidate.version === version)
    return members && apiResourceList(served.group, members, this.#definitions)
  }

  #buildCore(aggregated: string | undefined): object {
    const core = this.#groups.filter(isCore)
    if (aggregated) return apiGroupDiscoveryList(aggregated, core)
    return apiVersions(core[0] ?? { group: '', versions: [] }, this.#source.serverAddress())
  }

  #buildGroups(aggregated: string | undefined): object {
    const groups = this.#groups.filter((group) => !isCore(group))
    return aggregated ? apiGroupDiscoveryList(aggregated, groups) : apiGroupList(groups)
  }
}

/** Hardly anyone asks for it, so the package is loaded when someone does. */
async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(value, { aliasDuplicateObjects: false, sortMapEntries: true, lineWidth: 0 })
}
