import type {
  CapacityRequirements,
  DeviceSelector,
  DeviceToleration,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../api/types.gen.ts'

/** What one request of a claim asks for, or one of the alternatives it lists. */
export interface WantedDevices {
  /** `gpu`, or `gpu/large` for an alternative. */
  readonly name: string
  /** `gpu` of both. */
  readonly requestName: string
  readonly deviceClassName: string
  readonly allocationMode: string
  readonly count: number
  readonly adminAccess: boolean
  readonly selectors: readonly DeviceSelector[]
  readonly tolerations: readonly DeviceToleration[] | undefined
  readonly capacity: CapacityRequirements | undefined
}

/** For each request what it asks for: one thing, or several of which the first that can be had is taken. */
export function wantedBy({ spec }: ResourceClaim): readonly (readonly WantedDevices[])[] {
  return (spec.devices?.requests ?? []).map(({ name: requestName, exactly, firstAvailable = [] }) => {
    const alternatives = exactly === undefined ? firstAvailable : [{ ...exactly, name: '' }]
    return alternatives.map((each) => ({
      name: each.name === '' ? requestName : `${requestName}/${each.name}`,
      requestName,
      deviceClassName: each.deviceClassName,
      allocationMode: each.allocationMode ?? 'ExactCount',
      count: each.count ?? 1,
      adminAccess: 'adminAccess' in each && each.adminAccess === true,
      selectors: each.selectors ?? [],
      tolerations: each.tolerations,
      capacity: each.capacity,
    }))
  })
}
