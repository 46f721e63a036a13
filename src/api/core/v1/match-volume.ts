/** Which volume suits a claim. Upstream: component-helpers/storage/volume pv_helpers.go FindMatchingVolume, persistentvolume/index.go */

import { compareQuantities } from '../../meta/quantity.ts'
import { selects } from '../../meta/selectors.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../types.gen.ts'
import { classOf, hasSameMode, isReservedFor } from './claim-facts.ts'
import { matchesNodeSelectorTerms } from './node-match.ts'

/**
 * The volume reserved for the claim, or else the smallest that is large enough, among those with the fewest access modes
 * beyond what is asked for.
 * @param node where the volume must be reachable, for a claim whose consumer has been placed
 * @param onlyReserved the choice among free volumes is not yet to be made
 */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node: Node | undefined,
  onlyReserved: boolean,
): PersistentVolume | undefined {
  const suitable = volumes.filter((volume) => isLargeEnough(claim, volume) && isUsable(claim, volume))
  const reserved = suitable.find((volume) => isReservedFor(volume, claim))
  if (reserved !== undefined || onlyReserved) return reserved
  const free = suitable.filter((volume) => isFree(volume) && isWanted(claim, volume) && isReachable(volume, node))
  return free.sort(byFit)[0]
}

/** Why the claim can't have the volume that it names; undefined when it can. Upstream: pv_controller.go checkVolumeSatisfyClaim */
export function misfitOf(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`
  if (!isLargeEnough(claim, volume)) return 'requested PV is too small'
  if (classOf(claim) !== classOf(volume)) return 'storageClassName does not match'
  if (!hasSameAttributes(claim, volume)) return 'volumeAttributesClassName does not match'
  if (!hasSameMode(claim, volume)) return 'incompatible volumeMode'
  return hasAccessModes(claim, volume) ? undefined : 'incompatible accessMode'
}

function isUsable(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (
    volume.metadata.deletionTimestamp === undefined &&
    hasSameMode(claim, volume) &&
    hasAccessModes(claim, volume) &&
    hasSameAttributes(claim, volume)
  )
}

/** Ready to be taken by any claim. */
export function isFree({ metadata, spec, status }: PersistentVolume): boolean {
  return metadata.deletionTimestamp === undefined && spec?.claimRef === undefined && status?.phase === 'Available'
}

function isWanted(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const { selector } = claim.spec
  return classOf(claim) === classOf(volume) && (selector === undefined || selects(selector, volume.metadata.labels))
}

export function isReachable({ spec }: PersistentVolume, node: Node | undefined): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms
  return node === undefined || terms === undefined || matchesNodeSelectorTerms(terms, node)
}

function isLargeEnough({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return compareQuantities(volume.spec?.capacity?.storage, spec.resources?.requests?.storage) >= 0
}

function hasSameAttributes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.volumeAttributesClassName ?? '') === (volume.spec?.volumeAttributesClassName ?? '')
}

function hasAccessModes({ spec }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (spec.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode))
}

function byFit(a: PersistentVolume, b: PersistentVolume): number {
  const byModes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0)
  const bySize = compareQuantities(a.spec?.capacity?.storage, b.spec?.capacity?.storage)
  return byModes || bySize || (a.metadata.name < b.metadata.name ? -1 : 1)
}
