import { type KubeConfig, type KubernetesListObject, type KubernetesObject, ListWatch, Watch } from '@kubernetes/client-node'

/** How long the informer leaves a server alone that it couldn't reach. */
const RETRY_MS = 50

/**
 * An informer of @kubernetes/client-node that writes down what it tells, and starts again whenever it fails, which its users have
 * to do for themselves.
 */
export class ObservedInformer<T extends KubernetesObject> {
  /** `add name`, `update name`, `delete name`: in the order told. */
  readonly told: string[] = []
  /** Of all told, by name: the resourceVersions, in the order told. */
  readonly versions = new Map<string, number[]>()
  /** How often it failed, and how often it listed. */
  failures = 0
  lists = 0
  readonly #informer: ListWatch<T>
  readonly #list: () => Promise<KubernetesListObject<T>>
  #isStopped = false

  constructor(config: KubeConfig, path: string, list: () => Promise<KubernetesListObject<T>>, labelSelector?: string) {
    this.#list = list
    const counted = () => {
      this.lists++
      return list()
    }
    // It would wait a second and more before it asks again.
    const options = { delayFn: () => Promise.resolve() as never }
    this.#informer = new ListWatch<T>(path, new Watch(config), counted, false, labelSelector, undefined, options)
    for (const verb of ['add', 'update', 'delete'] as const) {
      this.#informer.on(verb, ({ metadata }) => {
        const name = metadata?.name ?? ''
        this.told.push(`${verb} ${name}`)
        this.versions.set(name, [...(this.versions.get(name) ?? []), Number(metadata?.resourceVersion)])
      })
    }
    this.#informer.on('error', () => {
      this.failures++
      if (!this.#isStopped) setTimeout(() => void this.start(), RETRY_MS)
    })
  }

  async start(): Promise<void> {
    if (!this.#isStopped) await this.#informer.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#informer.stop()
  }

  get names(): string[] {
    return namesOf(this.#informer.list())
  }

  get resourceVersion(): string {
    return this.#informer.latestResourceVersion()
  }

  /** What it holds, beside what the server has. */
  async compare(): Promise<{ held: Record<string, T>; served: Record<string, T> }> {
    const { items } = await this.#list()
    return { held: byName(this.#informer.list()), served: byName(items) }
  }
}

function namesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ metadata }) => metadata?.name ?? '').sort()
}

/** As the wire has it: of a list, times have become dates, and items have no kind. */
function byName<T extends KubernetesObject>(objects: readonly T[]): Record<string, T> {
  const plain = objects.map(({ apiVersion: _apiVersion, kind: _kind, ...rest }) => {
    return JSON.parse(JSON.stringify(rest).replaceAll('.000Z"', 'Z"')) as T
  })
  return Object.fromEntries(plain.map((object) => [object.metadata?.name ?? '', object]))
}
