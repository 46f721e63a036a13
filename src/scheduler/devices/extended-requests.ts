/**
 * What a pod's extended resources become where devices stand behind them: a request for each container and resource. What an init
 * container needs, it has from containers that start later, as far as that goes. Upstream: extendeddynamicresources.go.
 */
import { isSidecar } from '../../api/core/v1/pod-resources.ts'
import { quantityValue } from '../../api/meta/quantity.ts'
import type { Container, ContainerExtendedResourceRequest, DeviceRequest, Pod } from '../../api/types.gen.ts'

export interface ExtendedRequests {
  readonly requests: readonly DeviceRequest[]
  readonly mappings: readonly ContainerExtendedResourceRequest[]
}

interface Counted {
  readonly name: string
  readonly count: number
}

/** @param classes of devices, by the names of resources */
export function extendedRequests({ spec }: Pod, classes: ReadonlyMap<string, string>): ExtendedRequests {
  const initCount = spec.initContainers?.length ?? 0
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const isShort = (index: number) => index < initCount && !isSidecar(containers[index]!)
  const requests: DeviceRequest[] = []
  const mappings: ContainerExtendedResourceRequest[] = []
  for (const resourceName of [...classes.keys()].sort()) {
    const long = containers.map((each, index) => (isShort(index) ? undefined : countedOf(each, index, resourceName)))
    const short: (readonly [container: Container, uses: readonly Counted[], own: Counted | undefined])[] = []
    for (const [index, container] of containers.entries()) {
      const wanted = isShort(index) ? countedOf(container, index, resourceName) : undefined
      if (wanted === undefined) continue
      const uses: Counted[] = []
      let found = 0
      for (const each of long.slice(index)) {
        if (each === undefined || found >= wanted.count) continue
        found += each.count
        uses.push(each)
      }
      short.push([container, uses, found >= wanted.count ? undefined : { ...wanted, count: wanted.count - found }])
    }
    const greatest = short.reduce<Counted | undefined>((most, [, , own]) => (own && own.count > (most?.count ?? 0) ? own : most), undefined)
    const map = (container: Container, requestName: string) => mappings.push({ containerName: container.name, resourceName, requestName })
    for (const [index, each] of long.entries()) if (each !== undefined) map(containers[index]!, each.name)
    for (const [container, uses, own] of short) for (const { name } of own === undefined ? uses : [...uses, greatest!]) map(container, name)
    for (const each of [greatest, ...long]) {
      if (each === undefined) continue
      const exactly = { deviceClassName: classes.get(resourceName)!, allocationMode: 'ExactCount', count: each.count }
      requests.push({ name: each.name, exactly })
    }
  }
  return { requests: requests.sort((a, b) => (a.name < b.name ? -1 : 1)), mappings }
}

function countedOf({ resources }: Container, index: number, resourceName: string): Counted | undefined {
  const count = quantityValue(resources?.requests?.[resourceName])
  const at = Object.keys(resources?.requests ?? {})
    .sort()
    .indexOf(resourceName)
  return count === 0 ? undefined : { name: `container-${index}-request-${at}`, count }
}
