/** Upstream: plugin/admission/limitranger/admission_test.go. */
import { describe, expect, it } from 'vitest'
import { limitRanger } from '../../src/admission/limit-ranger.ts'
import { admit } from '../support/admit.ts'
import type { Json } from '../support/api.ts'

const limitRange = (...limits: Json[]) => ({ limitranges: [{ metadata: { name: 'limits' }, spec: { limits } }] })
const container = (requests?: Json, limits?: Json, name = 'c') => ({
  name,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
})
const pod = (containers: Json[], others: Json = {}) => ({ metadata: { name: 'p' }, spec: { containers, ...others } })
const FORBIDDEN = '403 pods "p" is forbidden: '

describe('bounds', () => {
  const AMOUNTS: Readonly<Record<string, readonly [low: string, high: string, higher: string]>> = {
    cpu: ['50m', '100m', '200m'],
    memory: ['50Mi', '100Mi', '200Mi'],
    'ephemeral-storage': ['50Gi', '100Gi', '200Gi'],
  }
  const rows = ['Container', 'Pod'].flatMap((type) =>
    Object.entries(AMOUNTS).flatMap(([name, [low, high, higher]]) => {
      const of = (amount: string) => ({ [name]: amount })
      const min = { type, min: of(high) }
      const max = { type, max: of(high) }
      const ratio = { type, maxLimitRequestRatio: of('1500m') }
      const minText = `minimum ${name} usage per ${type} is ${high}`
      const maxText = `maximum ${name} usage per ${type} is ${high}`
      const ratioText = `${name} max limit to request ratio per ${type} is 1500m, but`
      return [
        [type, name, 'a request above the minimum', min, container(of(higher)), undefined],
        [type, name, 'a request at the minimum', min, container(of(high), of(higher)), undefined],
        [type, name, 'a request below the minimum', min, container(of(low)), `${minText}, but request is ${low}`],
        [
          type,
          name,
          'a request below, a limit above the minimum',
          min,
          container(of(low), of(higher)),
          `${minText}, but request is ${low}`,
        ],
        [type, name, 'a limit below the minimum', min, container(of(high), of(low)), `${minText}, but limit is ${low}`],
        [type, name, 'no request where there is a minimum', min, container(), `${minText}.  No request is specified`],
        [type, name, 'a limit below the maximum', max, container(undefined, of(low)), undefined],
        [type, name, 'a request and a limit at the maximum', max, container(of(high), of(high)), undefined],
        [type, name, 'a limit above the maximum', max, container(of(low), of(higher)), `${maxText}, but limit is ${higher}`],
        [type, name, 'a request above the maximum', max, container(of(higher), of(high)), `${maxText}, but request is ${higher}`],
        [type, name, 'no limit where there is a maximum', max, container(of(low)), `${maxText}.  No limit is specified`],
        [type, name, 'a ratio within bounds', { ...ratio, maxLimitRequestRatio: of('2') }, container(of(high), of(higher)), undefined],
        [type, name, 'a ratio out of bounds', ratio, container(of(high), of(higher)), `${ratioText} provided ratio is 2.000000`],
        [
          type,
          name,
          'a ratio without a request',
          ratio,
          container(undefined, of(low)),
          `${ratioText} no request is specified or request is 0`,
        ],
        [
          type,
          name,
          'a ratio to a request of nothing',
          ratio,
          container(of('0'), of(low)),
          `${ratioText} no request is specified or request is 0`,
        ],
        [type, name, 'a ratio without a limit', ratio, container(of(low)), `${ratioText} no limit is specified or limit is 0`],
      ] as [string, string, string, Json, Json, string | undefined][]
    }),
  )
  it.each(rows)('of a %s, %s: %s', (_type, _name, _what, limit, given, expected) => {
    const { refusal } = admit(limitRanger, { resource: 'pods', object: pod([given]), cluster: limitRange(limit) })
    expect(refusal).toBe(expected && FORBIDDEN + expected)
  })

  const max = { type: 'Pod', max: { cpu: '2' } }
  const most = (cpu: string) => container({ cpu }, { cpu })
  it.each<[string, Json, Json, string | undefined]>([
    ['add up over containers', pod([most('1'), most('1')]), max, undefined],
    ['add up over containers to too much', pod([most('1'), most('1500m')]), max, 'maximum cpu usage per Pod is 2, but limit is 2500m'],
    ['are held by init containers one by one', pod([most('1')], { initContainers: [most('2'), most('2')] }), max, undefined],
    [
      'are broken by one init container',
      pod([most('1')], { initContainers: [most('3')] }),
      max,
      'maximum cpu usage per Pod is 2, but limit is 3',
    ],
    [
      'add up with sidecars',
      pod([most('1')], { initContainers: [{ ...most('1500m'), restartPolicy: 'Always' }] }),
      max,
      'maximum cpu usage per Pod is 2, but limit is 2500m',
    ],
    [
      'are about the whole where that says something',
      pod([most('3')], { resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } }),
      max,
      undefined,
    ],
    [
      'are broken by the whole',
      pod([most('1')], { resources: { requests: { cpu: '1' }, limits: { cpu: '4' } } }),
      max,
      'maximum cpu usage per Pod is 2, but limit is 4',
    ],
    [
      'are broken from below by the whole',
      pod([most('1')], { resources: { requests: { cpu: '500m' } } }),
      { type: 'Pod', min: { cpu: '1' } },
      'minimum cpu usage per Pod is 1, but request is 500m',
    ],
    ['do not count overhead', pod([most('2')], { overhead: { cpu: '1' } }), max, undefined],
    [
      'hold for init containers too',
      pod([most('1')], { initContainers: [most('3')] }),
      { type: 'Container', max: { cpu: '2' } },
      'maximum cpu usage per Container is 2, but limit is 3',
    ],
  ])('%s', (_name, object, limit, expected) => {
    expect(admit(limitRanger, { resource: 'pods', object, cluster: limitRange(limit) }).refusal).toBe(expected && FORBIDDEN + expected)
  })

  it('are told of all at once, each once', () => {
    const limit = { type: 'Container', min: { memory: '1Gi', cpu: '1' } }
    const { refusal } = admit(limitRanger, {
      resource: 'pods',
      object: pod([container(), container(undefined, undefined, 'd')]),
      cluster: limitRange(limit),
    })
    expect(refusal).toBe(
      `${FORBIDDEN}[minimum cpu usage per Container is 1.  No request is specified, minimum memory usage per Container is 1Gi.  No request is specified]`,
    )
  })
})

describe('what a pod leaves open is filled in', () => {
  const LIMITS = { type: 'Container', defaultRequest: { cpu: '50m', memory: '5Mi' }, default: { cpu: '75m', memory: '10Mi' } }
  const ALL = { requests: { cpu: '50m', memory: '5Mi' }, limits: { cpu: '75m', memory: '10Mi' } }
  const run = (object: Json, ...limits: Json[]) => admit(limitRanger, { resource: 'pods', object, cluster: limitRange(...limits) }).object
  const told = (object: Json) => object.metadata.annotations?.['kubernetes.io/limit-ranger']

  it('in containers and init containers', () => {
    const object = run(pod([{ name: 'c' }], { initContainers: [{ name: 'i', resources: {} }] }), LIMITS)
    expect([object.spec.containers[0].resources, object.spec.initContainers[0].resources]).toEqual([ALL, ALL])
    expect(told(object)).toBe(
      'LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c; cpu, memory request for init container i; cpu, memory limit for init container i',
    )
  })

  it('where it does not say it itself', () => {
    const object = run(pod([container({ memory: '512Mi' })]), { ...LIMITS, default: { cpu: '75m', memory: '1Gi' } })
    expect(object.spec.containers[0].resources).toEqual({
      requests: { cpu: '50m', memory: '512Mi' },
      limits: { cpu: '75m', memory: '1Gi' },
    })
    expect(told(object)).toBe('LimitRanger plugin set: cpu request for container c; cpu, memory limit for container c')
  })

  it('and nothing is said where there was nothing to fill in', () => {
    const given = pod([container({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' })])
    expect(run(given, LIMITS)).toEqual(given)
    expect(run(pod([{ name: 'c' }]))).toEqual(pod([{ name: 'c' }]))
    expect(run(pod([{ name: 'c' }]), { type: 'Pod', max: {} })).toEqual(pod([{ name: 'c' }]))
  })

  it('keeps the annotations it has', () => {
    const given = { ...pod([{ name: 'c' }]), metadata: { name: 'p', annotations: { own: 'yes' } } }
    expect(run(given, LIMITS).metadata.annotations).toMatchObject({ own: 'yes', 'kubernetes.io/limit-ranger': expect.any(String) })
  })
})

describe('volume claims', () => {
  const claim = (storage?: string) => ({ metadata: { name: 'v' }, spec: { resources: { requests: { ...(storage && { storage }) } } } })
  const limit = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } }
  it.each<[string, Json, string | undefined]>([
    ['within bounds', claim('5Gi'), undefined],
    ['at the lower bound', claim('1Gi'), undefined],
    ['at the upper bound', claim('10Gi'), undefined],
    ['too small', claim('500Mi'), 'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi'],
    ['too big', claim('11Gi'), 'maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 11Gi'],
    [
      'of nothing',
      claim(),
      '[minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified, maximum storage usage per PersistentVolumeClaim is 10Gi.  No request is specified]',
    ],
  ])('%s', (_name, object, expected) => {
    for (const old of [undefined, claim('1Gi')]) {
      const { refusal } = admit(limitRanger, { resource: 'persistentvolumeclaims', object, old, cluster: limitRange(limit) })
      expect(refusal).toBe(expected && `403 persistentvolumeclaims "v" is forbidden: ${expected}`)
    }
  })
})

describe('looks at', () => {
  const cluster = limitRange({ type: 'Container', max: { cpu: '1' } }, { type: 'PersistentVolumeClaim', max: { storage: '0' } })
  const bad = pod([container(undefined, { cpu: '2' })])
  it.each<[string, Json, boolean]>([
    ['new pods', { resource: 'pods' }, true],
    ['pods of the namespace alone', { resource: 'pods', namespace: 'other' }, false],
    ['resized pods', { resource: 'pods', old: bad, subresource: 'resize' }, true],
    ['no other update of pods', { resource: 'pods', old: bad }, false],
    ['no other subresource', { resource: 'pods', old: bad, subresource: 'status' }, false],
    ['nothing that is going', { resource: 'pods', old: { metadata: { deletionTimestamp: 'now' } }, subresource: 'resize' }, false],
    ['nothing that is deleted', { resource: 'pods', operation: 'delete' }, false],
    ['no templates', { resource: 'deployments.apps' }, false],
  ])('%s', (_name, write, isRefused) => {
    expect(admit(limitRanger, { object: bad, cluster, ...write }).refusal !== undefined).toBe(isRefused)
  })
})
