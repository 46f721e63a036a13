/** Claims get volumes: one controller looks at claims, the other at volumes; each writes what the other waits for. */

import { claimKeyOf, classOf, isDefaultClass } from '../../api/core/v1/claim-facts.ts'
import { isFree } from '../../api/core/v1/match-volume.ts'
import { claimKeysOfPod } from '../../api/core/v1/pod-claims.ts'
import { BETA_STORAGE_CLASS, CLAIMS, SELECTED_NODE, STORAGE_CLASSES, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { type CloneSource, clonedClaim } from './data-source.ts'
import { type ObservedClaim, reconcileClaim } from './reconcile-claim.ts'
import { type ObservedVolume, reconcileVolume } from './reconcile-volume.ts'

/** Who the events are from. */
const COMPONENT = 'persistentvolume-controller'
const PODS = 'pods'
const NODES = 'nodes'

/** Claims, and volumes that are free, by class; claims by the volume they name; volumes by the claim they refer to. */
const BY_CLASS = 'class'
const BY_VOLUME = 'volume'
const BY_CLAIM = 'claim'
/** Claims that are to be clones, by what they are to be clones of. */
const BY_SOURCE = 'source'

export const persistentVolumeClaimBinder: ControllerDefinition<ObservedClaim> = {
  name: 'persistentvolume-binder',
  component: COMPONENT,
  reconciles: CLAIMS,
  watches: {
    [CLAIMS]: (current, old, reader) => clonesOf(reader, keyOf((current ?? old)!.metadata.namespace, (current ?? old)!.metadata.name)),
    [VOLUMES]: claimsOfVolume,
    [STORAGE_CLASSES]: (current, _old, reader) => {
      if (current === undefined) return []
      const ofNoClass = isDefaultClass(current as StorageClass) ? pendingClaims(reader, '') : []
      return [...pendingClaims(reader, current.metadata.name), ...ofNoClass]
    },
    // A consumer that waits for its node is told of in the claim's events.
    [PODS]: (current, old) => (old === undefined && (current as Pod).spec.nodeName === undefined ? claimKeysOfPod(current as Pod) : []),
    [NODES]: () => [],
  },
  indexes: {
    [VOLUMES]: {
      [BY_CLASS]: (volume: PersistentVolume) => (isFree(volume) ? [classOf(volume)] : []),
      [BY_CLAIM]: (volume: PersistentVolume) => [claimKeyOf(volume)].filter((key) => key !== undefined),
    },
    [CLAIMS]: {
      [BY_CLASS]: (claim: PersistentVolumeClaim) => (claim.spec.volumeName ? [] : [classOf(claim)]),
      [BY_VOLUME]: (claim: PersistentVolumeClaim) => (claim.spec.volumeName ? [claim.spec.volumeName] : []),
      [BY_SOURCE]: (claim: PersistentVolumeClaim) => (claim.spec.volumeName ? [] : [clonedClaim(claim)].filter((key) => key !== undefined)),
    },
    [PODS]: { [BY_CLAIM]: claimKeysOfPod },
  },
  observe: observeClaim,
  reconcile: reconcileClaim,
}

export const persistentVolumeBinder: ControllerDefinition<ObservedVolume> = {
  name: 'persistentvolume-reclaimer',
  partOf: 'persistentvolume-binder',
  component: COMPONENT,
  reconciles: VOLUMES,
  watches: {
    [CLAIMS]: volumesOfClaim,
    // Who used a volume that is to be recycled is done with it.
    [PODS]: (current, old, reader) => {
      if (old === undefined || (current !== undefined && !isPodTerminal(current as Pod))) return []
      return claimKeysOfPod(old as Pod).flatMap((key) => reader.indexed(VOLUMES, BY_CLAIM, key).map(({ metadata }) => metadata.name))
    },
  },
  indexes: {
    [VOLUMES]: { [BY_CLAIM]: (volume: PersistentVolume) => [claimKeyOf(volume)].filter((key) => key !== undefined) },
    [PODS]: { [BY_CLAIM]: claimKeysOfPod },
  },
  observe(reader, name) {
    const volume = reader.get<PersistentVolume>(VOLUMES, '', name)
    if (volume === undefined) return undefined
    const { namespace = '', name: claimName = '' } = volume.spec?.claimRef ?? {}
    const pods = reader.indexed<Pod>(PODS, BY_CLAIM, `${namespace}/${claimName}`).filter((pod) => !isPodTerminal(pod))
    const users = pods.map(({ metadata }) => keyOf(metadata.namespace, metadata.name)).sort()
    return { volume, claim: reader.get<PersistentVolumeClaim>(CLAIMS, namespace, claimName), users }
  },
  reconcile: reconcileVolume,
}

function observeClaim(reader: Reader, key: Key): ObservedClaim | undefined {
  const { namespace, name } = splitKey(key)
  const claim = reader.get<PersistentVolumeClaim>(CLAIMS, namespace, name)
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return undefined
  const { volumeName } = claim.spec
  const className = classOf(claim)
  const selected = claim.metadata.annotations?.[SELECTED_NODE]
  const unscheduled = reader.indexed<Pod>(PODS, BY_CLAIM, key).filter(({ spec }) => !spec.nodeName)
  return {
    claim,
    named: volumeName ? reader.get<PersistentVolume>(VOLUMES, '', volumeName) : undefined,
    candidates: volumeName
      ? []
      : [...reader.indexed<PersistentVolume>(VOLUMES, BY_CLAIM, key), ...reader.indexed<PersistentVolume>(VOLUMES, BY_CLASS, className)],
    defaultClass: hasClass(claim) ? undefined : defaultStorageClass(reader),
    storageClass: className === '' ? undefined : reader.get<StorageClass>(STORAGE_CLASSES, '', className),
    selectedNode: selected === undefined ? undefined : reader.get<Node>(NODES, '', selected),
    clone: volumeName ? undefined : cloneSource(reader, claim),
    unscheduledPods: unscheduled.map(({ metadata }) => metadata.name).sort(),
  }
}

/** An empty name is one too: that of no class. Upstream: PersistentVolumeClaimHasClass. */
function hasClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.annotations?.[BETA_STORAGE_CLASS] !== undefined || spec.storageClassName !== undefined
}

/** Of several the newest. Upstream: pkg/volume/util GetDefaultClass. */
function defaultStorageClass(reader: Reader): StorageClass | undefined {
  return reader
    .list<StorageClass>(STORAGE_CLASSES)
    .filter(isDefaultClass)
    .sort(
      (a, b) =>
        parseTimestamp(b.metadata.creationTimestamp) - parseTimestamp(a.metadata.creationTimestamp) ||
        (a.metadata.name < b.metadata.name ? -1 : 1),
    )[0]
}

/** Those it refers or referred to, those that name it, and when it comes free, those that wait for one of its class. */
function claimsOfVolume(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const now = current as PersistentVolume | undefined
  const before = old as PersistentVolume | undefined
  const keys = new Set([claimKeyOf(now), claimKeyOf(before)].filter((key) => key !== undefined))
  for (const key of [...keys]) for (const clone of clonesOf(reader, key)) keys.add(clone)
  const { name } = (now ?? before)!.metadata
  for (const { metadata } of reader.indexed(CLAIMS, BY_VOLUME, name)) keys.add(keyOf(metadata.namespace, metadata.name))
  const comesFree = now !== undefined && isFree(now) && !(before !== undefined && isFree(before) && classOf(before) === classOf(now))
  if (comesFree) for (const key of pendingClaims(reader, classOf(now))) keys.add(key)
  return [...keys]
}

function clonesOf(reader: Reader, claimKey: string): Key[] {
  return reader.indexed(CLAIMS, BY_SOURCE, claimKey).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
}

function cloneSource(reader: Reader, claim: PersistentVolumeClaim): CloneSource | undefined {
  const key = clonedClaim(claim)
  if (key === undefined) return undefined
  const { namespace, name } = splitKey(key)
  const source = reader.get<PersistentVolumeClaim>(CLAIMS, namespace, name)
  return { claim: source, volume: reader.get<PersistentVolume>(VOLUMES, '', source?.spec.volumeName ?? '') }
}

function pendingClaims(reader: Reader, className: string): Key[] {
  return reader.indexed(CLAIMS, BY_CLASS, className).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
}

function volumesOfClaim(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const claim = (current ?? old) as PersistentVolumeClaim
  const before = old as PersistentVolumeClaim | undefined
  const names = new Set([claim.spec.volumeName, before?.spec.volumeName].filter((name) => name !== undefined && name !== ''))
  const key = keyOf(claim.metadata.namespace, claim.metadata.name)
  for (const { metadata } of reader.indexed(VOLUMES, BY_CLAIM, key)) names.add(metadata.name)
  return [...names] as Key[]
}
