import { createHash } from 'node:crypto'
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  NodeSelector,
  NodeSelectorRequirement,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../api/types.gen.ts'
import type { Candidate } from './candidates.ts'
import type { WantedDevices } from './wanted-devices.ts'

export interface Picked {
  readonly wanted: WantedDevices
  readonly candidate: Candidate
  /** What is taken of a device that others may have a share of too. */
  readonly capacity: ReadonlyMap<string, string> | undefined
}

/** What was asked for in each request, or in the alternative that was taken. */
interface Chosen {
  readonly wanted: WantedDevices
  readonly deviceClass: DeviceClass
}

/** As the claim's status has it. */
export function allocationResult(
  claim: ResourceClaim,
  picked: readonly Picked[],
  chosen: readonly Chosen[],
  node: string,
): AllocationResult {
  const config = [...classConfig(chosen), ...claimConfig(claim, chosen)]
  const nodeSelector = nodeSelectorOf(picked, node)
  return {
    devices: {
      results: picked.map(({ wanted, candidate, capacity }, index) => {
        const { bindingConditions, bindingFailureConditions } = candidate.device
        return {
          request: wanted.name,
          driver: candidate.pool.driver,
          pool: candidate.pool.name,
          device: candidate.device.name,
          ...(wanted.adminAccess && { adminAccess: true }),
          ...(wanted.tolerations?.length && { tolerations: [...wanted.tolerations] }),
          ...(bindingConditions?.length && { bindingConditions: [...bindingConditions] }),
          ...(bindingFailureConditions?.length && { bindingFailureConditions: [...bindingFailureConditions] }),
          ...(capacity !== undefined && { shareID: shareId(claim, index) }),
          ...(capacity?.size && { consumedCapacity: Object.fromEntries(capacity) }),
        }
      }),
      ...(config.length > 0 && { config }),
    },
    ...(nodeSelector !== undefined && { nodeSelector }),
  }
}

/** Once for each class, with all requests it was chosen for. */
function classConfig(chosen: readonly Chosen[]): DeviceAllocationConfiguration[] {
  const byClass = new Map<string, { readonly requests: string[]; readonly deviceClass: DeviceClass }>()
  for (const { wanted, deviceClass } of chosen) {
    const known = byClass.get(deviceClass.metadata.name)
    if (known === undefined) byClass.set(deviceClass.metadata.name, { requests: [wanted.name], deviceClass })
    else known.requests.push(wanted.name)
  }
  return [...byClass.values()].flatMap(({ requests, deviceClass }) =>
    (deviceClass.spec.config ?? []).map(({ opaque }) => ({ source: 'FromClass', requests: [...requests], ...(opaque && { opaque }) })),
  )
}

/** What names no request is for all of them; what names several comes once for each. */
function claimConfig({ spec }: ResourceClaim, chosen: readonly Chosen[]): DeviceAllocationConfiguration[] {
  return (spec.devices?.config ?? []).flatMap(({ requests = [], opaque }) => {
    const one = { source: 'FromClaim', ...(requests.length > 0 && { requests: [...requests] }), ...(opaque && { opaque }) }
    if (requests.length === 0) return [one]
    return chosen.filter(({ wanted }) => requests.includes(wanted.requestName) || requests.includes(wanted.name)).map(() => one)
  })
}

/** Where all of the devices can be used; undefined when that is everywhere. Upstream: createNodeSelector. */
function nodeSelectorOf(picked: readonly Picked[], node: string): NodeSelector | undefined {
  const fields: NodeSelectorRequirement[] = []
  const expressions: NodeSelectorRequirement[] = []
  for (const { candidate } of picked) {
    const { nodeName, nodeSelector } = candidate.place
    if (nodeName !== undefined || candidate.device.bindsToNode) {
      return { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] }
    }
    const term = nodeSelector?.nodeSelectorTerms[0]
    addNew(fields, term?.matchFields)
    addNew(expressions, term?.matchExpressions)
  }
  if (fields.length === 0 && expressions.length === 0) return undefined
  return {
    nodeSelectorTerms: [
      { ...(expressions.length > 0 && { matchExpressions: expressions }), ...(fields.length > 0 && { matchFields: fields }) },
    ],
  }
}

function addNew(list: NodeSelectorRequirement[], more: readonly NodeSelectorRequirement[] = []): void {
  for (const each of more) if (!list.some((known) => JSON.stringify(known) === JSON.stringify(each))) list.push(each)
}

/** An UUID that is another for each share, and the same when the same is worked out again. */
function shareId({ metadata }: ResourceClaim, index: number): string {
  const hex = createHash('sha1').update(`${metadata.uid}/${metadata.resourceVersion}/${index}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
