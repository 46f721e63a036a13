import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { objectReader } from '../support/object-reader.ts'

const encoded = (text: string) => Buffer.from(text).toString('base64')
const objects = () => ({
  configmaps: [
    { metadata: { namespace: 'ns', name: 'cfg' }, data: { 'app.conf': 'mode=fast\n', level: '3' }, binaryData: { raw: encoded('bytes') } },
  ],
  secrets: [{ metadata: { namespace: 'ns', name: 'login' }, data: { user: encoded('ada') } }],
  services: [{ metadata: { namespace: 'ns', name: 'db' }, spec: { clusterIP: '10.0.0.9', ports: [{ port: 5432 }] } }],
  nodes: [],
})

const VOLUMES = [
  { name: 'cfg', configMap: { name: 'cfg' } },
  { name: 'some', configMap: { name: 'cfg', items: [{ key: 'level', path: 'deep/level' }] } },
  { name: 'login', secret: { secretName: 'login' } },
  { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  {
    name: 'all',
    projected: { sources: [{ secret: { name: 'login' } }, { configMap: { name: 'cfg' } }, { serviceAccountToken: { path: 'token' } }] },
  },
  { name: 'empty', emptyDir: {} },
]

function podOf(script: string, container: object = {}, uid = 'u'): { pod: Pod; main: Container } {
  const main = { name: 'main', command: ['sh', '-c', script], ...container } as unknown as Container
  const metadata = { name: 'web', namespace: 'ns', uid, labels: { b: '2', a: 'x "y"' } }
  return { pod: { metadata, spec: { containers: [main], nodeName: 'n', volumes: VOLUMES } } as unknown as Pod, main }
}

function printed(runtime: SimulatedRuntime, { pod, main }: { pod: Pod; main: Container }, restartCount = 0): string {
  const { printed: chunks } = runtime.log(pod, main, { restartCount, startedAt: 0 }, { fromMs: 0, untilMs: 1000 })
  return chunks.map(({ text }) => text).join('')
}

const mount = (name: string, mountPath: string, more: object = {}) => ({ volumeMounts: [{ name, mountPath, ...more }] })

describe('what a script finds', () => {
  const from = (source: object) => ({ env: [{ name: 'X', valueFrom: source }] })
  it.each<{ script: string; container: object; expected: string }>([
    { script: 'echo $X', container: from({ configMapKeyRef: { name: 'cfg', key: 'level' } }), expected: '3\n' },
    { script: 'echo $X', container: from({ secretKeyRef: { name: 'login', key: 'user' } }), expected: 'ada\n' },
    { script: 'echo $level', container: { envFrom: [{ configMapRef: { name: 'cfg' } }] }, expected: '3\n' },
    { script: 'echo $(X)', container: from({ configMapKeyRef: { name: 'cfg', key: 'level' } }), expected: '3\n' },
    { script: 'echo $DB_SERVICE_HOST:$DB_PORT_5432_TCP_PORT', container: {}, expected: '10.0.0.9:5432\n' },
    { script: 'echo $HOST', container: { env: [{ name: 'HOST', value: '$(DB_SERVICE_HOST)' }] }, expected: '10.0.0.9\n' },
    { script: 'cat /etc/cfg/app.conf /etc/cfg/raw', container: mount('cfg', '/etc/cfg/'), expected: 'mode=fast\nbytes' },
    { script: 'echo "<$(cat /etc/cfg/level)>"', container: mount('cfg', '/etc/cfg'), expected: '<3>\n' },
    { script: 'cat /etc/some/deep/level', container: mount('some', '/etc/some'), expected: '3' },
    { script: 'cat /etc/login/user', container: mount('login', '/etc/login'), expected: 'ada' },
    { script: 'cat /etc/info/labels', container: mount('info', '/etc/info'), expected: 'a="x \\"y\\""\nb="2"' },
    { script: 'cat /all/user /all/level /all/token', container: mount('all', '/all'), expected: 'ada3' },
    { script: 'cat /etc/app.conf', container: mount('cfg', '/etc/app.conf', { subPath: 'app.conf' }), expected: 'mode=fast\n' },
    { script: 'cat /x/level', container: mount('some', '/x', { subPath: 'deep' }), expected: '3' },
    {
      script: 'cat /x/level',
      container: { ...mount('some', '/x', { subPathExpr: '$(D)' }), env: [{ name: 'D', value: 'deep' }] },
      expected: '3',
    },
    { script: 'cat /other/level', container: mount('cfg', '/etc/cfg'), expected: '' },
    { script: 'echo own > /e/f; cat /e/f', container: mount('empty', '/e'), expected: 'own\n' },
    { script: 'echo own > /etc/cfg/level; cat /etc/cfg/level', container: mount('cfg', '/etc/cfg'), expected: 'own\n' },
  ])('$script: $expected', ({ script, container, expected }) => {
    expect(printed(new SimulatedRuntime(objectReader(objects())), podOf(script, container))).toBe(expected)
  })

  it("is nothing when the API isn't known", () => {
    const container = { envFrom: [{ configMapRef: { name: 'cfg' } }], ...mount('cfg', '/etc/cfg') }
    expect(printed(new SimulatedRuntime(), podOf('echo "<$level>"; cat /etc/cfg/level', container))).toBe('<>\n')
  })

  it('decides how it ends', () => {
    const { pod, main } = podOf('exit $level', { envFrom: [{ configMapRef: { name: 'cfg' } }] })
    expect(new SimulatedRuntime(objectReader(objects())).outcome(pod, main, { restartCount: 0, startedAt: 0 }).exitCode).toBe(3)
  })
})

describe('a run', () => {
  const asking = podOf('echo $level; cat /etc/cfg/level', { envFrom: [{ configMapRef: { name: 'cfg' } }], ...mount('cfg', '/etc/cfg') })
  it('keeps what it found until it is over', () => {
    const current = objects()
    const runtime = new SimulatedRuntime(objectReader(current))
    expect(printed(runtime, asking)).toBe('3\n3')
    current.configmaps[0]!.data.level = '4'
    expect(printed(runtime, asking)).toBe('3\n3')
    expect(printed(runtime, asking, 1)).toBe('4\n4')
    expect(printed(runtime, asking, 0)).toBe('3\n3')
    current.configmaps = []
    expect(printed(runtime, asking, 1)).toBe('4\n4')
  })

  it('is another for another pod of its name, and when the pod was forgotten', () => {
    const current = objects()
    const runtime = new SimulatedRuntime(objectReader(current))
    expect(printed(runtime, asking)).toBe('3\n3')
    current.configmaps[0]!.data.level = '4'
    const other = { ...asking, pod: { ...asking.pod, metadata: { ...asking.pod.metadata, uid: 'other' } } as Pod }
    expect(printed(runtime, other)).toBe('4\n4')
    current.configmaps[0]!.data.level = '5'
    runtime.forget('ns/web')
    expect(printed(runtime, other)).toBe('5\n5')
  })
})
