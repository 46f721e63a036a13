/** Upstream: plugins/dynamicresources/dynamicresources_test.go and nodedeclaredfeatures_test.go, as far as no device is looked for. */
import { describe, expect, it } from 'vitest'
import { claimOf, deviceClass, devices, firstOf, request, slice } from '../support/device-objects.ts'
import { container, node, pod, Question, wakes, worldOf } from '../support/scheduler-world.ts'

const CLAIMS = 'resourceclaims.resource.k8s.io'
const CLASSES = 'deviceclasses.resource.k8s.io'
const SLICES = 'resourceslices.resource.k8s.io'
const user = (...names: readonly string[]) =>
  pod('p', { resourceClaims: names.map((name) => ({ name, resourceClaimName: name })) } as never)
const made = (resourceClaimStatuses?: readonly object[]) =>
  pod('p', {
    resourceClaims: [{ name: 'dev', resourceClaimTemplateName: 't' }],
    ...(resourceClaimStatuses && { status: { resourceClaimStatuses } }),
  } as never)
const allocated = { status: { allocation: { devices: { results: [] } } } }
const owned = (uid: string) => ({
  metadata: {
    name: 'made',
    namespace: 'default',
    uid: 'u',
    ownerReferences: [{ uid, controller: true, kind: 'Pod', name: 'p', apiVersion: 'v1' }],
  },
})

describe('a pod is not tried', () => {
  it.each([
    ['without its claim', user('a'), [], 'resourceclaim.resource.k8s.io "a" not found'],
    [
      'with a claim that goes',
      user('a'),
      [claimOf('a', [], {}, { metadata: { name: 'a', namespace: 'default', uid: 'a', deletionTimestamp: 'now' } })],
      'resourceclaim "a" is being deleted',
    ],
    ['before its claim is made', made(), [], 'pod "default/p": ResourceClaim not created yet'],
    [
      'with the claim of another',
      made([{ name: 'dev', resourceClaimName: 'made' }]),
      [claimOf('made', [], {}, owned('other'))],
      'ResourceClaim default/made was not created for Pod default/p (Pod is not owner)',
    ],
  ])('%s', (_, asked, claims, why) => {
    const plan = worldOf([node('n')])
      .set(CLAIMS, ...claims)
      .set('pods', asked)
      .run('default/p')
    expect(plan).toEqual({ waitingOn: why })
  })

  it('needs no claim that was found not to be needed', () => {
    expect(
      worldOf([node('n')])
        .set('pods', made([{ name: 'dev' }]))
        .schedule('default/p'),
    ).toBe('n')
  })
})

describe('a pod waits', () => {
  it.each([
    ['for a class', [claimOf('a', [request('gpu')])], 'request gpu: device class gpu does not exist'],
    [
      'for the class of an alternative',
      [claimOf('a', [firstOf('x', { deviceClassName: 'tpu' })])],
      'request x/0: device class tpu does not exist',
    ],
  ])('%s', (_, claims, why) => {
    const world = worldOf([node('n')])
      .set(CLAIMS, ...claims)
      .set('pods', user('a'))
    expect(world.schedule('default/p')).toBe(
      `0/1 nodes are available: ${why}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
    )
  })

  it('while its claim is being allocated for another', () => {
    const world = worldOf([node('n')])
      .set(CLASSES, deviceClass('gpu'))
      .set(SLICES, slice('s', devices('d'), { node: 'n' }))
      .set(CLAIMS, claimOf('a', [request('gpu')]))
      .set('pods', user('a'), pod('q', { resourceClaims: [{ name: 'a', resourceClaimName: 'a' }] } as never))
    expect(world.run('default/p')?.actions?.map(({ verb }) => verb)).toEqual(['update', 'patch'])
    expect(world.schedule('default/q')).toContain('resource claim default/a is in the process of being allocated')
  })

  it('with no need for DRA when the claim is allocated already', () => {
    const world = worldOf([node('n')])
      .set(CLAIMS, claimOf('a', [request('gpu')], {}, allocated))
      .set('pods', user('a'))
    expect(world.run('default/p')?.actions).toMatchObject([
      { verb: 'patch', patch: { status: { reservedFor: [{ resource: 'pods', name: 'p', uid: 'uid-p' }] } } },
    ])
  })

  it('off nodes where its devices are not', () => {
    const nodeSelector = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] }
    const status = { allocation: { devices: { results: [] }, nodeSelector } }
    const world = worldOf([node('a'), node('b')]).set(CLAIMS, claimOf('a', [], {}, { status }))
    const question = new Question(world, user('a'))
    expect(question.fits).toBe('b')
    expect(question.why).toEqual(['resourceclaim not available on the node'])
  })

  it('prefers nodes with earlier alternatives', () => {
    const world = worldOf([node('a'), node('b')])
      .set(CLASSES, deviceClass('gpu'))
      .set(SLICES, slice('s', devices('d'), { node: 'a', pool: 'a' }), slice('t', devices('d', 'e'), { node: 'b', pool: 'b' }))
      .set(CLAIMS, claimOf('a', [firstOf('x', { count: 2 }, { count: 1 })]))
    expect(new Question(world, user('a')).rates('DynamicResources')).toEqual({ a: 87, b: 100 })
  })
})

describe('what wakes a pod that lacks devices', () => {
  const plain = claimOf('a', [])
  const held = claimOf('other', [], {}, allocated)
  it.each<[what: string, resource: string, old: object | undefined, current: object | undefined, expected: boolean]>([
    ['its claim comes', CLAIMS, undefined, plain, true],
    ['another claim comes', CLAIMS, undefined, claimOf('other', []), false],
    ['its claim changes its status', CLAIMS, plain, { ...plain, ...allocated }, true],
    ['its claim changes otherwise', CLAIMS, plain, { ...plain, metadata: { ...plain.metadata, labels: { a: 'b' } } }, false],
    ['another claim gives its devices back', CLAIMS, held, claimOf('other', []), true],
    ['a claim goes', CLAIMS, plain, undefined, false],
    ['a class comes', CLASSES, undefined, deviceClass('gpu'), true],
    ['a class goes', CLASSES, deviceClass('gpu'), undefined, false],
    ['a slice changes', SLICES, slice('s', devices('a')), slice('s', devices('b')), true],
    ['a slice goes', SLICES, slice('s', devices('a')), undefined, false],
    ['a node comes', 'nodes', undefined, node('n'), true],
    ['a node has other labels', 'nodes', node('n'), node('n', { labels: { a: 'b' } }), true],
    ['a node is tainted', 'nodes', node('n'), node('n', { taints: ['a=b:NoSchedule'] }), false],
  ])('%s', (_, resource, old, current, expected) => expect(wakes('DynamicResources', user('a'), resource, old, current)).toBe(expected))
})

describe('features of nodes', () => {
  const restarting = pod('p', { containers: [container(undefined, { restartPolicyRules: [{ action: 'RestartAllContainers' }] } as never)] })
  const knowing = (name: string, ...declaredFeatures: readonly string[]) =>
    ({ ...node(name), status: { ...node(name).status, declaredFeatures } }) as never
  const nodes = [knowing('old'), knowing('new', 'ExtendWebSocketsToKubelet', 'RestartAllContainersOnContainerExits')]

  it('keep pods from nodes that lack one', () => {
    const question = new Question(worldOf(nodes), restarting)
    expect(question.fits).toBe('new')
    expect(question.why).toEqual(["node(s) didn't match Pod's required features"])
  })
  it('are asked for by init containers too', () => {
    const initContainers = restarting.spec.containers
    expect(new Question(worldOf(nodes), pod('p', { initContainers })).fits).toBe('new')
  })
  it('do not matter to other pods', () => expect(new Question(worldOf(nodes), pod('p')).fits).toBe('new old'))
  it.each<[string, object | undefined, object, boolean]>([
    ['a node that comes', undefined, nodes[0]!, true],
    ['another feature', nodes[0]!, knowing('old', 'Other'), true],
    ['the same features', nodes[1]!, nodes[1]!, false],
  ])('wake pods: %s', (_, old, current, expected) =>
    expect(wakes('NodeDeclaredFeatures', restarting, 'nodes', old, current)).toBe(expected),
  )
})
