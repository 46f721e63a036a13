import { describe, expect, test } from 'vitest'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import {
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../src/api/meta/object-meta-validation.ts'
import type { ObjectMeta } from '../../src/api/types.gen.ts'

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: '1' }
const META: ObjectMeta = { name: 'web', namespace: 'prod', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' }

describe('validateObjectMeta', () => {
  test.each<{ name: string; given: Partial<ObjectMeta>; namespaced?: boolean; expect: string[] }>([
    { name: 'fine', given: META, expect: [] },
    { name: 'no name', given: { namespace: 'a' }, expect: ['metadata.name: Required value: name or generateName is required'] },
    { name: 'no namespace', given: { name: 'a' }, expect: ['metadata.namespace: Required value'] },
    {
      name: 'namespace where there is none',
      given: META,
      namespaced: false,
      expect: ['metadata.namespace: Forbidden: not allowed on this type'],
    },
    {
      name: 'negative generation',
      given: { ...META, generation: -1 },
      expect: ['metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
    },
    {
      name: 'two controllers',
      given: {
        ...META,
        ownerReferences: [
          { ...OWNER, controller: true },
          { ...OWNER, kind: 'Job', name: 'b', controller: true },
        ],
      },
      expect: [
        expect.stringContaining(
          'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and Job/b',
        ) as never,
      ],
    },
    {
      name: 'an owner without anything',
      given: { ...META, ownerReferences: [{ apiVersion: 'a/b/c', kind: '', name: '', uid: '' }] },
      expect: [
        'metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>',
        'metadata.ownerReferences[0].kind: Required value: must not be empty',
        'metadata.ownerReferences[0].name: Required value: must not be empty',
        'metadata.ownerReferences[0].uid: Required value: must not be empty',
      ],
    },
    {
      name: 'owned by an event',
      given: { ...META, ownerReferences: [{ ...OWNER, apiVersion: 'v1', kind: 'Event' }] },
      expect: [expect.stringContaining('/v1, Kind=Event is disallowed from being an owner') as never],
    },
    {
      name: 'both ways of deleting dependents',
      given: { ...META, finalizers: ['orphan', 'foregroundDeletion'] },
      expect: [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    },
    {
      name: 'managed fields',
      given: { ...META, managedFields: [{ operation: 'Patch', fieldsType: 'FieldsV2', manager: 'm'.repeat(129) }, {}] },
      expect: [
        'metadata.managedFields[0].operation: Unsupported value: "Patch": supported values: "Apply", "Update"',
        'metadata.managedFields[0].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`',
        'metadata.managedFields[0].manager: Too long: may not be more than 128 bytes',
        'metadata.managedFields[1].operation: Required value: must not be empty',
      ],
    },
  ])('$name', ({ given, namespaced = true, expect: texts }) => {
    expect(validateObjectMeta(given, { namespaced }).map(fieldErrorText)).toEqual(texts)
  })

  test('a bad prefix is told of beside the name made of it', () => {
    const errors = validateObjectMeta({ ...META, generateName: 'AA-', name: 'AA-x' }, { namespaced: true })
    expect(errors.map(({ field }) => field)).toEqual(['metadata.generateName', 'metadata.name'])
  })
})

describe('validateObjectMetaUpdate', () => {
  test.each<{ name: string; next: Partial<ObjectMeta>; old?: Partial<ObjectMeta>; expect: string[] }>([
    { name: 'nothing', next: {}, expect: [] },
    { name: 'name', next: { name: 'b' }, expect: ['metadata.name: Invalid value: "b": field is immutable'] },
    { name: 'uid', next: { uid: 'v' }, expect: ['metadata.uid: Invalid value: "v": field is immutable'] },
    { name: 'the same instant, written differently', next: { creationTimestamp: '2026-01-01T01:00:00+01:00' }, expect: [] },
    {
      name: 'another creation',
      next: { creationTimestamp: '2026-01-02T00:00:00Z' },
      expect: ['metadata.creationTimestamp: Invalid value: "2026-01-02T00:00:00Z": field is immutable'],
    },
    {
      name: 'deleted by hand',
      next: { deletionTimestamp: '2026-01-02T00:00:00Z' },
      expect: ['metadata.deletionTimestamp: Invalid value: "2026-01-02T00:00:00Z": field is immutable'],
    },
    {
      name: 'younger generation',
      next: { generation: 1 },
      old: { generation: 2 },
      expect: ['metadata.generation: Invalid value: 1: must not be decremented'],
    },
    {
      name: 'no resource version',
      next: { resourceVersion: '' },
      expect: ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
    },
    {
      name: 'finalizers while it goes',
      next: { deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['b.io/2', 'a.io/1', 'x.io/0'] },
      old: { deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['x.io/0'] },
      expect: [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.io/1", "b.io/2"}',
      ],
    },
  ])('$name', ({ next, old = {}, expect: texts }) => {
    expect(validateObjectMetaUpdate({ ...META, ...next }, { ...META, ...old }).map(fieldErrorText)).toEqual(texts)
  })
})

test('labels are judged by key and by value, annotations by key and by size', () => {
  expect(validateLabels({ 'a/b/c': 'x', ok: 'not ok' }, 'l').map(({ field, badValue }) => [field, badValue])).toEqual([
    ['l', 'a/b/c'],
    ['l', 'not ok'],
  ])
  expect(validateAnnotations({ 'Example.COM/Note': 'anything at all' }, 'a')).toEqual([])
  expect(validateAnnotations({ a: 'x'.repeat(256 * 1024 - 1) }, 'a')).toEqual([])
  expect(validateAnnotations({ a: 'x'.repeat(256 * 1024) }, 'a').map(fieldErrorText)).toEqual([
    'a: Too long: may not be more than 262144 bytes',
  ])
  expect(validateAnnotations({ a: 'é'.repeat(131_072) }, 'a')).toHaveLength(1)
})

test('label selectors', () => {
  const errors = validateLabelSelector(
    {
      matchExpressions: [
        { key: 'a', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['x'] },
        { key: 'a', operator: 'Gt', values: ['1'] },
        { key: 'a', operator: 'In', values: ['no good'] },
      ],
    },
    's',
  )
  expect(errors.map(({ type, field }) => [type, field])).toEqual([
    ['FieldValueRequired', 's.matchExpressions[0].values'],
    ['FieldValueForbidden', 's.matchExpressions[1].values'],
    ['FieldValueInvalid', 's.matchExpressions[2].operator'],
    ['FieldValueInvalid', 's.matchExpressions[3].values[0]'],
  ])
  const old = { matchExpressions: [{ key: 'a', operator: 'In', values: ['no good'] }] }
  expect(validateLabelSelector(old, 's', { allowInvalidLabelValue: true })).toEqual([])
  expect(validateLabelSelector(undefined, 's')).toEqual([])
})
