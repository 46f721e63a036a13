/**
 * What a claim is to be filled from, and whether that can be done.
 * Upstream: the CSI external-provisioner, pkg/controller/controller.go prepareProvision, getPVCSource
 */

import { SIMULATED_DRIVER } from '../../api/core/v1/attachable-volume.ts'
import { quantityValue } from '../../api/meta/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types.gen.ts'

const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io'

/** The claim that is to be cloned, and its volume. */
export interface CloneSource {
  readonly claim: PersistentVolumeClaim | undefined
  readonly volume: PersistentVolume | undefined
}

export type SourceVerdict = 'none' | 'populated' | { readonly fault: string }

/** `NAMESPACE/NAME` of the claim that it is a clone of. */
export function clonedClaim({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  const source = spec.dataSource ?? spec.dataSourceRef
  return source?.kind === 'PersistentVolumeClaim' ? `${metadata.namespace}/${source.name}` : undefined
}

/** `populated` when somebody else is to fill the volume, and to make it. */
export function sourceVerdict(claim: PersistentVolumeClaim, clone: CloneSource): SourceVerdict {
  const source = claim.spec.dataSource ?? claim.spec.dataSourceRef
  if (source === undefined) return 'none'
  const { kind, name, apiGroup = '' } = source
  const unusable = (why: string) => ({ fault: `error getting handle for DataSource Type ${kind} by Name ${name}: ${why}` })
  if (kind === 'VolumeSnapshot') {
    if (apiGroup !== SNAPSHOT_GROUP) {
      return { fault: `the PVC source does not belong to the right APIGroup. Expected ${SNAPSHOT_GROUP}, Got ${apiGroup}` }
    }
    const missing = `the server could not find the requested resource (get volumesnapshots.${SNAPSHOT_GROUP} ${name})`
    return unusable(`error getting snapshot ${name} from api server: ${missing}`)
  }
  if (kind !== 'PersistentVolumeClaim') return 'populated'
  const fault = cloneFault(claim, name, clone)
  return fault === undefined ? 'none' : unusable(fault)
}

function cloneFault(claim: PersistentVolumeClaim, name: string, { claim: source, volume }: CloneSource): string | undefined {
  const { namespace } = claim.metadata
  if (source === undefined) {
    const missing = `persistentvolumeclaim ${JSON.stringify(name)} not found`
    return `error getting PVC ${name} (namespace ${JSON.stringify(namespace)}) from api server: ${missing}`
  }
  const phase = source.status?.phase ?? ''
  // Upstream prints the whole status as Go does; of a claim that isn't bound there is no more of it than the phase.
  if (phase !== 'Bound')
    return `the PVC DataSource ${name} must have a status of Bound.  Got {${phase} [] map[] [] map[] map[] <nil> <nil>}`
  if (source.metadata.deletionTimestamp !== undefined) return `the PVC DataSource ${name} is currently being deleted`
  if (source.spec.storageClassName === undefined) return `the source PVC (${name}) storageclass cannot be empty`
  const [wanted, there] = [claim, source].map(({ spec }) => quantityValue(spec.resources?.requests?.storage)) as [number, number]
  if (wanted < there) {
    const sizes = `requested ${wanted} but source is ${there}`
    return `error, new PVC request must be greater than or equal in size to the specified PVC data source, ${sizes}`
  }
  const isOurs = volume?.spec?.csi?.driver === SIMULATED_DRIVER && volume.spec.claimRef?.uid === source.metadata.uid
  if (!isOurs || volume.status?.phase !== 'Bound') return 'claim in dataSource not bound or invalid'
  const [mode, sourceMode] = [claim.spec.volumeMode ?? 'Filesystem', volume.spec?.volumeMode ?? 'Filesystem']
  if (mode === sourceMode) return undefined
  return `the source PVC and destination PVCs must have the same volume mode for cloning.  Source is ${sourceMode}, but new PVC requested ${mode}`
}
