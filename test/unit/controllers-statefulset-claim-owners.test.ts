import { describe, expect, it } from 'vitest'
import type { OwnerReference, PersistentVolumeClaim, StatefulSet } from '../../src/api/types.gen.ts'
import { fixedOwners, hasUnexpectedController } from '../../src/controllers/statefulset/claim-owners.ts'

type Policy = 'Retain' | 'Delete'

const set = (whenScaled: Policy, whenDeleted: Policy, replicas = 2): StatefulSet =>
  ({
    metadata: { name: 'web', uid: 'set' },
    spec: { replicas, persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted } },
  }) as unknown as StatefulSet
const pod = (ordinal: number) => ({ metadata: { name: `web-${ordinal}`, uid: 'pod' } })
const claim = (ownerReferences: readonly OwnerReference[]) =>
  ({ metadata: { name: 'c', ownerReferences } }) as unknown as PersistentVolumeClaim
const reference = (apiVersion: string, kind: string, name: string, uid: string, controller = true): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid,
  ...(controller && { controller: true, blockOwnerDeletion: true }),
})
const setRef = (uid = 'set', controller = true) => reference('apps/v1', 'StatefulSet', 'web', uid, controller)
const podRef = (ordinal: number, uid = 'pod', controller = true) => reference('v1', 'Pod', `web-${ordinal}`, uid, controller)
const stranger = (controller: boolean) => reference('v1', 'ConfigMap', 'x', 'x', controller)

// Upstream: stateful_set_utils_test.go TestIsClaimOwnerUpToDate, TestUpdateClaimOwnerRefForSetAndPod.
describe.each<{ name: string; scaled: Policy; deleted: Policy; ordinal: number; owner: 'set' | 'pod' | 'nobody' }>([
  { name: 'kept always', scaled: 'Retain', deleted: 'Retain', ordinal: 1, owner: 'nobody' },
  { name: 'gone with the set', scaled: 'Retain', deleted: 'Delete', ordinal: 1, owner: 'set' },
  { name: 'gone with the set, pod scaled away', scaled: 'Retain', deleted: 'Delete', ordinal: 2, owner: 'set' },
  { name: 'gone when scaled down, pod wanted', scaled: 'Delete', deleted: 'Retain', ordinal: 1, owner: 'nobody' },
  { name: 'gone when scaled down, pod scaled away', scaled: 'Delete', deleted: 'Retain', ordinal: 2, owner: 'pod' },
  { name: 'gone with both, pod wanted', scaled: 'Delete', deleted: 'Delete', ordinal: 1, owner: 'set' },
  { name: 'gone with both, pod scaled away', scaled: 'Delete', deleted: 'Delete', ordinal: 2, owner: 'pod' },
])('claims $name', ({ scaled, deleted, ordinal, owner }) => {
  const wanted = owner === 'set' ? [setRef()] : owner === 'pod' ? [podRef(ordinal)] : []
  const states = [false, true].flatMap((other) => [false, true].flatMap((ofPod) => [false, true].map((ofSet) => ({ other, ofPod, ofSet }))))
  it.each(states)('owned by another: $other, the pod: $ofPod, the set: $ofSet', ({ other, ofPod, ofSet }) => {
    const others = other ? [stranger(false)] : []
    const found = [...others, ...(ofPod ? [podRef(ordinal)] : []), ...(ofSet ? [setRef()] : [])]
    const isRight = ofPod === (owner === 'pod') && ofSet === (owner === 'set')
    expect(fixedOwners(set(scaled, deleted), pod(ordinal), claim(found))).toEqual(isRight ? undefined : [...others, ...wanted])
  })
})

// Upstream: stateful_set_utils_test.go TestClaimOwnerUpToDateEdgeCases.
describe('owners that are not as they should be', () => {
  it.each<{ name: string; found: OwnerReference[]; ordinal: number; expect: OwnerReference[] | undefined }>([
    { name: 'the pod, but not in charge', found: [podRef(2, 'pod', false)], ordinal: 2, expect: [podRef(2)] },
    { name: 'the set, but not in charge', found: [setRef('set', false)], ordinal: 1, expect: [setRef()] },
    { name: 'an earlier pod of the name', found: [podRef(2, 'old')], ordinal: 2, expect: undefined },
    { name: 'an earlier set of the name', found: [setRef('old')], ordinal: 1, expect: undefined },
    { name: 'the pod beside another that is in charge', found: [podRef(2), stranger(true)], ordinal: 2, expect: [stranger(true)] },
    { name: 'the set beside another that is in charge', found: [setRef(), stranger(true)], ordinal: 1, expect: [stranger(true)] },
    { name: 'another that is in charge, alone', found: [stranger(true)], ordinal: 1, expect: undefined },
  ])('$name', ({ found, ordinal, expect: expected }) => {
    expect(fixedOwners(set('Delete', 'Delete'), pod(ordinal), claim(found))).toEqual(expected)
  })
})

// Upstream: stateful_set_utils_test.go TestHasUnexpectedController: only where the policy would delete anything.
describe('an unexpected controller', () => {
  it.each<{ name: string; found: OwnerReference[]; isUnexpected: boolean }>([
    { name: 'nobody', found: [], isUnexpected: false },
    { name: 'another in charge', found: [stranger(true)], isUnexpected: true },
    { name: 'another not in charge', found: [stranger(false)], isUnexpected: false },
    { name: 'another pod', found: [reference('v1', 'Pod', 'other', 'o')], isUnexpected: true },
    { name: 'another set', found: [reference('apps/v1', 'StatefulSet', 'other', 'o')], isUnexpected: true },
    { name: 'the set', found: [setRef()], isUnexpected: false },
    { name: 'an earlier set', found: [setRef('old')], isUnexpected: true },
    { name: 'the pod', found: [podRef(1)], isUnexpected: false },
    { name: 'an earlier pod', found: [podRef(1, 'old')], isUnexpected: true },
    { name: 'the set and another', found: [setRef(), stranger(true)], isUnexpected: true },
    { name: 'the set and one not in charge', found: [setRef(), stranger(false)], isUnexpected: false },
  ])('$name', ({ found, isUnexpected }) => {
    expect(hasUnexpectedController(set('Delete', 'Retain'), pod(1), claim(found))).toBe(isUnexpected)
    expect(hasUnexpectedController(set('Retain', 'Delete'), pod(1), claim(found))).toBe(isUnexpected)
    expect(hasUnexpectedController(set('Retain', 'Retain'), pod(1), claim(found))).toBe(false)
  })
})
