import { describe, expect, it } from 'vitest'
import type { Container, Pod, Volume } from '../../src/api/types.gen.ts'
import { configFault } from '../../src/nodes/references/config-fault.ts'
import { valueInEnvFile } from '../../src/nodes/references/env-file.ts'
import { expandReferences } from '../../src/nodes/references/environment.ts'
import { lookAtMounts, mountFaults } from '../../src/nodes/references/mounts.ts'
import { podField } from '../../src/nodes/references/pod-fields.ts'
import { sourcesOf } from '../../src/nodes/references/sources.ts'
import { volumeFiles } from '../../src/nodes/references/volume-files.ts'
import { objectReader } from '../support/object-reader.ts'

describe('references in a text', () => {
  const first = { A: '1', EMPTY: '' }
  const second = { B: '2', REF: '$(A)', A: 'hidden' }
  it.each<[string, string]>([
    ['$(A)', '1'],
    ['$(A)-$(A)', '1-1'],
    ['__$(B)__$(A)', '__2__1'],
    ['$$(B)_$(A)', '$(B)_1'],
    ['x-$$A', 'x-$A'],
    ['x\\$(B)y', 'x\\2y'],
    ['x\\\\\\\\$(A)y', 'x\\\\\\\\1y'],
    ['$(A$(B))', '$(A$(B))'],
    ['$(A$(B)', '$(A$(B)'],
    ['%%$(REF)--$(REF)%%', '%%$(A)--$(A)%%'],
    ['x$(EMPTY)y', 'xy'],
    ['x$(Awhoops!', 'x$(Awhoops!'],
    ['x(A)', 'x(A)'],
    ['$?_x_$!', '$?_x_$!'],
    ['$A', '$A'],
    ['$A)', '$A)'],
    ['$\x7bA}', '$\x7bA}'],
    ['$(NONE)', '$(NONE)'],
    ['$$$$$$(NONE)', '$$$(NONE)'],
    ['$$$$$$(A)', '$$$(A)'],
    ['$$$$$$$(NONE)', '$$$$(NONE)'],
    ['$$$$$$$(A)', '$$$1'],
    ['$(B)__$(A', '2__$(A'],
    ['$(B)__$(', '2__$('],
    ['$(A)x$', '1x$'],
    ['--$($($($--', '--$($($($--'],
    ['$($($(--x$(', '$($($(--x$('],
    ['$(x$$y)', '$(x$$y)'],
    ['\n', '\n'],
    ['$£-$€-$中', '$£-$€-$中'],
  ])('%s becomes %s', (text, expected) => expect(expandReferences(text, first, second)).toBe(expected))
})

describe('a file of variables', () => {
  it.each<{ name: string; file: string; key?: string; value: string | undefined }>([
    { name: 'indented', file: "   A='1'\n\t\tB='2'\nC='3'\n", key: 'B', value: '2' },
    { name: 'with comments and blank lines', file: "# one\nA='1'\n\n   # two\n \t\nB='2'\n", key: 'B', value: '2' },
    { name: 'with a comment after a value', file: "B='2' # so\nA='1'", value: '1' },
    { name: 'with a space before the sign', file: "A = '1'\n", value: 'malformed' },
    { name: 'with a space after it', file: "A=  '1'\n", value: undefined },
    { name: 'with a space after it, of another', file: "B=  '1'\nA='2'\n", value: '2' },
    { name: 'without the key', file: "B='2'\n", value: undefined },
    { name: 'with signs in the value', file: "A='x=#y=z'\n", value: 'x=#y=z' },
    { name: 'with spaces in the value', file: "A='  x  '\n", value: '  x  ' },
    { name: 'with nothing in the value', file: "A=''\nB='2'\n", value: undefined },
    { name: 'without a name', file: "='1'\nA='2'\n", value: 'malformed' },
    { name: 'with what a shell would replace', file: "A='$B \\n \\\\'\n", value: '$B \\n \\\\' },
    { name: 'with a line that is none', file: "B='1'\nnothing\nA='2'\n", value: 'malformed' },
    { name: 'with a line that is none after the key', file: "A='2'\nnothing\n", value: '2' },
    { name: 'without quotes', file: 'A=1\n', value: 'malformed' },
    { name: 'in double quotes', file: 'A="1"\n', value: 'malformed' },
    { name: 'with two quoted parts', file: "A='1''2'", value: 'malformed' },
    { name: 'with an open quote', file: "A='1\n", value: 'malformed' },
    { name: 'with an open quote that another line ends', file: "A='1\nB='2'\n", value: 'malformed' },
    { name: 'with a rest after the quote', file: "A='1'2\n", value: 'malformed' },
    { name: 'with double quotes in it', file: `A='{"a": "b"}'\n`, value: '{"a": "b"}' },
    { name: 'with several lines in it', file: "A='one\n\n  two \n中'\nB='2'\n", value: 'one\n\n  two \n中' },
    { name: 'after a value of several lines', file: "B='one\ntwo'\nA='1'\n", value: '1' },
  ])('$name', ({ file, key = 'A', value }) => {
    const found = valueInEnvFile(file, key)
    expect(typeof found === 'object' ? found.text : found).toBe(value)
  })
})

const encoded = (text: string) => Buffer.from(text).toString('base64')
const pod = {
  metadata: { name: 'web', namespace: 'ns', uid: 'u', labels: { b: '1', a: 'x\ny' }, annotations: { 'Kind/Of.It': '"q"' } },
  spec: { containers: [{ name: 'c', resources: {} }], serviceAccountName: 'robot', nodeName: 'n' },
} as unknown as Pod

it.each([
  ['metadata.labels', 'a="x\\ny"\nb="1"'],
  ['metadata.annotations', 'Kind/Of.It="\\"q\\""'],
  ["metadata.annotations['Kind/Of.It']", '"q"'],
  ["metadata.labels['b']", '1'],
  ["metadata.labels['none']", ''],
])('%s is %s', (path, expected) => expect(podField(pod, path)).toBe(expected))

describe('what is in a volume', () => {
  const objects = objectReader({
    configmaps: [{ metadata: { namespace: 'ns', name: 'cfg' }, data: { foo: 'F', bar: 'B' }, binaryData: { raw: encoded('R') } }],
    secrets: [{ metadata: { namespace: 'ns', name: 'key' }, data: { foo: encoded('F'), bar: encoded('B') } }],
    serviceaccounts: [{ metadata: { namespace: 'ns', name: 'robot' } }],
    nodes: [{ metadata: { name: 'n' }, status: { allocatable: { cpu: '3' } } }],
  })
  const items = (...pairs: [string, string][]) => ({ items: pairs.map(([key, path]) => ({ key, path })) })
  const projected = (...sources: object[]) => ({ projected: { sources } })
  const missing = items(['zab', 'p'])
  it.each<{ name: string; volume: object; files: Record<string, string>; faults?: string[] }>([
    { name: 'a ConfigMap', volume: { configMap: { name: 'cfg' } }, files: { foo: 'F', bar: 'B', raw: 'R' } },
    { name: 'a Secret', volume: { secret: { secretName: 'key' } }, files: { foo: 'F', bar: 'B' } },
    { name: 'a file', volume: { configMap: { name: 'cfg', ...items(['foo', 'path/to/foo.txt']) } }, files: { 'path/to/foo.txt': 'F' } },
    { name: 'a file of bytes', volume: { configMap: { name: 'cfg', ...items(['raw', 'r']) } }, files: { r: 'R' } },
    {
      name: 'two files',
      volume: { secret: { secretName: 'key', ...items(['foo', '1/2/f'], ['bar', 'b']) } },
      files: { '1/2/f': 'F', b: 'B' },
    },
    {
      name: 'no such key',
      volume: { configMap: { name: 'cfg', ...missing } },
      files: {},
      faults: ['configmap references non-existent config key: zab'],
    },
    {
      name: 'no such key of a Secret',
      volume: { secret: { secretName: 'key', ...missing } },
      files: {},
      faults: ['references non-existent secret key: zab'],
    },
    { name: 'no such key, which is no matter', volume: { configMap: { name: 'cfg', optional: true, ...missing } }, files: {} },
    { name: 'no such Secret, which is no matter', volume: { secret: { secretName: 'none', optional: true } }, files: {} },
    {
      name: 'several',
      volume: projected(
        { secret: { name: 'key', ...items(['foo', 'f']) } },
        { configMap: { name: 'cfg', ...items(['bar', 'f'], ['foo', 'g']) } },
      ),
      files: { f: 'B', g: 'F' },
    },
    { name: 'a token', volume: projected({ serviceAccountToken: { path: 't' } }), files: {} },
    {
      name: 'several, some missing',
      volume: projected({ secret: { name: 'none' } }, { configMap: { name: 'cfg', ...missing } }, { secret: { name: 'key' } }),
      files: { foo: 'F', bar: 'B' },
      faults: ['secret "none" not found', 'configmap references non-existent config key: zab'],
    },
    {
      name: 'fields',
      volume: {
        downwardAPI: {
          items: [
            { path: 'l', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'n', fieldRef: { fieldPath: 'metadata.name' } },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
          ],
        },
      },
      files: { l: 'a="x\\ny"\nb="1"', n: 'web', cpu: '3' },
    },
    {
      name: 'a field of no container',
      volume: projected({ downwardAPI: { items: [{ path: 'x', resourceFieldRef: { containerName: 'x', resource: 'limits.cpu' } }] } }),
      files: {},
      faults: ['container x not found'],
    },
  ])('$name', ({ volume, files, faults = [] }) => {
    const contents = volumeFiles(pod, volume as Volume, sourcesOf(pod, objects))!
    expect([Object.fromEntries(contents.files), contents.faults]).toEqual([files, faults])
  })
})

describe('the claim of a volume', () => {
  const claim = (name: string, { spec = {}, status = {}, ...metadata }: Record<string, unknown> = {}) => ({
    metadata: { namespace: 'ns', name, uid: `uid-${name}`, ...metadata },
    spec: { volumeName: `pv-${name}`, ...(spec as object) },
    status: { phase: 'Bound', ...(status as object) },
  })
  const volume = (name: string, spec: object = {}) => ({
    metadata: { name: `pv-${name}` },
    spec: { claimRef: { uid: `uid-${name}` }, ...spec },
  })
  const going = { deletionTimestamp: 'x' }
  const csi = { csi: { driver: 'd.example.com', volumeHandle: 'h' } }
  const objects = objectReader({
    persistentvolumeclaims: [
      claim('good'),
      claim('block'),
      claim('going', { ...going, finalizers: [] }),
      claim('guarded', { ...going, finalizers: ['kubernetes.io/pvc-protection'] }),
      claim('pending', { status: { phase: 'Pending' } }),
      claim('lost', { status: { phase: 'Lost' } }),
      claim('nameless', { spec: { volumeName: '' } }),
      claim('gone'),
      claim('unknown'),
      claim('other'),
      claim('web-own', { ownerReferences: [{ controller: true, uid: 'u' }] }),
      claim('web-not', { ownerReferences: [{ controller: true, uid: 'x' }] }),
      claim('apart'),
      claim('attached'),
    ],
    persistentvolumes: [
      volume('good'),
      volume('block', { volumeMode: 'Block' }),
      volume('guarded'),
      volume('unknown', { claimRef: undefined }),
      volume('other', { claimRef: { uid: 'x' } }),
      volume('web-own'),
      volume('apart', csi),
      volume('attached', { csi: { ...csi.csi, volumeHandle: 'there' } }),
    ],
    nodes: [{ metadata: { name: 'n' }, status: { volumesAttached: [{ name: 'kubernetes.io/csi/d.example.com^there', devicePath: '' }] } }],
  })
  const processing = (name: string, why: string) => `error processing PVC ns/${name}: ${why}`
  it.each<{ claim: string; as?: 'device' | 'both'; fault?: string; isUnattached?: boolean }>([
    { claim: 'good' },
    { claim: 'guarded' },
    { claim: 'attached' },
    { claim: 'apart', isUnattached: true },
    { claim: 'block', as: 'device' },
    { claim: 'block', fault: 'volume v has volumeMode Block, but is specified in volumeMounts' },
    { claim: 'good', as: 'device', fault: 'volume v has volumeMode Filesystem, but is specified in volumeDevices' },
    { claim: 'good', as: 'both', fault: 'volume v has volumeMode Filesystem, but is specified in volumeDevices' },
    { claim: 'none', fault: processing('none', 'failed to fetch PVC from API server: persistentvolumeclaims "none" not found') },
    { claim: 'going', fault: processing('going', 'PVC is being deleted') },
    { claim: 'pending', fault: processing('pending', 'PVC is not bound') },
    { claim: 'lost', fault: processing('lost', 'PVC is not bound') },
    { claim: 'nameless', fault: processing('nameless', 'PVC has empty pvc.Spec.VolumeName') },
    { claim: 'gone', fault: processing('gone', 'failed to fetch PV pv-gone from API server: persistentvolumes "pv-gone" not found') },
    {
      claim: 'unknown',
      fault: processing(
        'unknown',
        'found PV object pv-unknown but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim',
      ),
    },
    {
      claim: 'other',
      fault: processing('other', 'found PV object pv-other but its pv.Spec.ClaimRef.UID x does not point to claim.UID uid-other'),
    },
  ])('$claim as $as: $fault', ({ claim: claimName, as, fault, isUnattached = false }) => {
    const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }
    const device = { volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] }
    const container = { name: 'c', ...(as === 'device' ? {} : mounted), ...(as === undefined ? {} : device) }
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName } }]
    const own = { ...pod, spec: { ...pod.spec, containers: [container], volumes } } as unknown as Pod
    const { unprocessed, failed, unattached } = mountFaults(own, sourcesOf(own, objects))
    expect([unprocessed.get('v'), failed.size, unattached]).toEqual([fault, 0, isUnattached ? ['v'] : []])
  })

  it.each([
    ['volumeMounts', 'MountVolume'],
    ['volumeDevices', 'MapVolume'],
  ])('is of another place, for %s', (use, step) => {
    const here = objectReader({
      persistentvolumeclaims: [claim('far')],
      persistentvolumes: [
        volume('far', {
          ...(use === 'volumeDevices' && { volumeMode: 'Block' }),
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] } },
        }),
      ],
      nodes: [{ metadata: { name: 'n', labels: { zone: 'b' } } }],
    })
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'far' } }]
    const own = { ...pod, spec: { ...pod.spec, containers: [{ name: 'c', [use]: [{ name: 'v' }] }], volumes } } as unknown as Pod
    expect([...mountFaults(own, sourcesOf(own, here)).failed.values()]).toEqual([
      `${step}.NodeAffinity check failed for volume "pv-far" : no matching NodeSelectorTerms`,
    ])
  })

  it.each([
    ['own', undefined],
    ['not', 'PVC ns/web-not was not created for pod ns/web (pod is not owner)'],
  ])('of an ephemeral volume: %s', (name, fault) => {
    const containers = [{ name: 'c', volumeMounts: [{ name, mountPath: '/v' }] }]
    const own = { ...pod, spec: { ...pod.spec, containers, volumes: [{ name, ephemeral: {} }] } } as unknown as Pod
    expect(mountFaults(own, sourcesOf(own, objects)).unprocessed.get(name)).toBe(fault)
  })

  it('is told of with the other volumes that can’t be mounted', () => {
    const names = ['b', 'a', 'cfg', 'far', 'unused']
    const volumes = [
      { name: 'b', persistentVolumeClaim: { claimName: 'pending' } },
      { name: 'a', persistentVolumeClaim: { claimName: 'none' } },
      { name: 'cfg', configMap: { name: 'cfg' } },
      { name: 'far', persistentVolumeClaim: { claimName: 'apart' } },
      { name: 'unused', configMap: { name: 'nobody' } },
      { name: 'empty', emptyDir: {} },
    ]
    const volumeMounts = [...names.slice(0, 4), 'empty'].map((name) => ({ name, mountPath: `/${name}` }))
    const own = { ...pod, spec: { ...pod.spec, containers: [{ name: 'c', volumeMounts }], volumes } } as unknown as Pod
    const look = lookAtMounts(own, sourcesOf(own, objects), { since: 0, now: 0, lookedAt: undefined, isFirst: true })
    expect(look.events.map(({ message }) => message)).toEqual([
      'MountVolume.SetUp failed for volume "cfg" : configmap "cfg" not found',
      'Unable to attach or mount volumes: unmounted volumes=[a b cfg far], unattached volumes=[far], failed to process volumes=[a b]: ' +
        'error processing PVC ns/none: failed to fetch PVC from API server: persistentvolumeclaims "none" not found; ' +
        'error processing PVC ns/pending: PVC is not bound',
    ])
    expect([look.isDone, look.wakeAt]).toEqual([false, 500])
  })
})

describe('who may run as root', () => {
  const message = `container's runAsUser breaks non-root policy (pod: "web_ns(u)", container: c)`
  it.each<{ name: string; own?: object; pods?: object; fault?: string }>([
    { name: 'nothing is said' },
    { name: 'somebody else', own: { runAsNonRoot: true, runAsUser: 1 } },
    { name: 'root, who is not kept out', own: { runAsUser: 0 } },
    { name: 'root, who is let in', own: { runAsNonRoot: false, runAsUser: 0 } },
    { name: 'whoever the image says', own: { runAsNonRoot: true } },
    { name: 'root', own: { runAsNonRoot: true, runAsUser: 0 }, fault: message },
    { name: 'root by the pod', pods: { runAsNonRoot: true, runAsUser: 0 }, fault: message },
    { name: 'root, kept out by the pod', own: { runAsUser: 0 }, pods: { runAsNonRoot: true }, fault: message },
    { name: 'root by the pod, let in by the container', own: { runAsNonRoot: false }, pods: { runAsNonRoot: true, runAsUser: 0 } },
    { name: 'root by the pod, but not the container', own: { runAsUser: 5 }, pods: { runAsNonRoot: true, runAsUser: 0 } },
  ])('$name', ({ own, pods, fault }) => {
    const given = { ...pod, spec: { ...pod.spec, securityContext: pods } } as Pod
    expect(configFault(given, { name: 'c', securityContext: own } as Container, undefined)).toBe(fault)
    expect(configFault(given, { name: 'c', securityContext: own } as Container, 'first')).toBe('first')
  })
})
