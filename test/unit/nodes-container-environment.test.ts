import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { environmentOf } from '../../src/nodes/references/environment.ts'
import { sourcesOf } from '../../src/nodes/references/sources.ts'
import { objectReader } from '../support/object-reader.ts'

const pod = {
  metadata: {
    name: 'work-3-x',
    namespace: 'ns',
    uid: 'u',
    labels: { 'batch.kubernetes.io/job-completion-index': '3', app: 'a "b"' },
    annotations: { "it's": 'here' },
  },
  spec: { containers: [{ name: 'other', resources: { limits: { cpu: '1500m' } } }], nodeName: 'node-1', serviceAccountName: 'default' },
  status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], hostIP: '192.168.0.1', hostIPs: [{ ip: '192.168.0.1' }] },
} as unknown as Pod

const encoded = (text: string) => Buffer.from(text).toString('base64')
const port = (number: number, name?: string, protocol?: string) => ({ port: number, ...(name && { name }), ...(protocol && { protocol }) })
const service = (namespace: string, name: string, clusterIP: string, ...ports: object[]) => ({
  kind: 'Service',
  metadata: { namespace, name },
  spec: { clusterIP, ports },
})
const objects = objectReader({
  configmaps: [{ metadata: { namespace: 'ns', name: 'settings' }, data: { COLOR: 'red', 'not.a-name': 'kept', REF: '$(COLOR)' } }],
  secrets: [{ metadata: { namespace: 'ns', name: 'login' }, data: { USER: encoded('ada'), COLOR: encoded('blue') } }],
  nodes: [{ metadata: { name: 'node-1' }, status: { allocatable: { cpu: '7', memory: '2Gi', 'ephemeral-storage': '10Gi' } } }],
  services: [
    service('default', 'kubernetes', '10.96.0.1', port(443, 'https')),
    service('default', 'elsewhere', '10.96.0.2', port(80)),
    service('ns', 'my-db', '10.96.0.3', port(5432, 'sql', 'TCP'), port(53, 'dns-udp', 'UDP')),
    service('ns', 'headless', 'None', port(80)),
    service('ns', 'six', 'fd00::9', port(80)),
  ],
})

const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } })
const resource = (name: string, more: object = {}) => ({ valueFrom: { resourceFieldRef: { resource: name, ...more } } })
const fromConfigMap = (name: string, key: string, optional?: boolean) => ({ valueFrom: { configMapKeyRef: { name, key, optional } } })
const fromSecret = (name: string, key: string, optional?: boolean) => ({ valueFrom: { secretKeyRef: { name, key, optional } } })
const resources = { requests: { cpu: '250m', memory: '100M', 'hugepages-2Mi': '4Mi' }, limits: { memory: '64Mi' } }

function read(container: object, given: Pod = pod) {
  const sources = sourcesOf(given, objects)
  return environmentOf(given, { name: 'c', resources, ...container } as Container, { sources, withServices: true })
}

it.each<{ given: object; value?: string; fault?: string }>([
  { given: { value: 'plain' }, value: 'plain' },
  { given: { value: '' }, value: '' },
  { given: { value: '$(BEFORE)/$(AFTER)/$$(BEFORE)' }, value: 'b/$(AFTER)/$(BEFORE)' },
  { given: { value: '$(MY_DB_SERVICE_HOST):$(MY_DB_SERVICE_PORT_SQL)' }, value: '10.96.0.3:5432' },
  { given: { value: '$(FROM_COLOR) $(USER) $( $(BEFORE' }, value: 'red ada $( $(BEFORE' },
  { given: field('metadata.name'), value: 'work-3-x' },
  { given: field('metadata.namespace'), value: 'ns' },
  { given: field('metadata.uid'), value: 'u' },
  { given: field("metadata.labels['batch.kubernetes.io/job-completion-index']"), value: '3' },
  { given: field("metadata.labels['other']"), value: '' },
  { given: field("metadata.annotations['it's']"), value: 'here' },
  { given: field('spec.nodeName'), value: 'node-1' },
  { given: field('spec.serviceAccountName'), value: 'default' },
  { given: field('status.podIP'), value: '10.0.0.1' },
  { given: field('status.podIPs'), value: '10.0.0.1,fd00::1' },
  { given: field('status.hostIP'), value: '192.168.0.1' },
  { given: field('status.hostIPs'), value: '192.168.0.1' },
  { given: resource('requests.cpu'), value: '1' },
  { given: resource('requests.cpu', { divisor: '1m' }), value: '250' },
  { given: resource('requests.memory', { divisor: '1Mi' }), value: '96' },
  { given: resource('requests.hugepages-2Mi', { divisor: '1Mi' }), value: '4' },
  { given: resource('requests.ephemeral-storage'), value: '0' },
  { given: resource('limits.memory', { divisor: '0' }), value: '67108864' },
  { given: resource('limits.cpu'), value: '7' },
  { given: resource('limits.ephemeral-storage', { divisor: '1Gi' }), value: '10' },
  { given: resource('limits.hugepages-2Mi'), value: '0' },
  { given: resource('limits.cpu', { containerName: 'other', divisor: '1m' }), value: '1500' },
  { given: resource('limits.cpu', { containerName: 'nobody' }), fault: 'container nobody not found' },
  { given: fromConfigMap('settings', 'COLOR'), value: 'red' },
  { given: fromConfigMap('settings', 'REF'), value: '$(COLOR)' },
  { given: fromConfigMap('settings', 'SIZE'), fault: "couldn't find key SIZE in ConfigMap ns/settings" },
  { given: fromConfigMap('settings', 'SIZE', true) },
  { given: fromConfigMap('nothing', 'SIZE'), fault: 'configmap "nothing" not found' },
  { given: fromConfigMap('nothing', 'SIZE', true) },
  { given: fromSecret('login', 'USER'), value: 'ada' },
  { given: fromSecret('login', 'PASS'), fault: "couldn't find key PASS in Secret ns/login" },
  { given: fromSecret('login', 'PASS', true) },
  { given: fromSecret('nothing', 'PASS'), fault: 'secret "nothing" not found' },
  { given: fromSecret('nothing', 'PASS', true) },
])('$given is $value$fault', ({ given, value, fault }) => {
  const envFrom = [{ prefix: 'FROM_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'login' } }]
  const env = [
    { name: 'BEFORE', value: 'b' },
    { name: 'X', ...given },
    { name: 'AFTER', value: 'a' },
  ]
  const environment = read({ env, envFrom })
  if (environment.fault !== undefined) expect(environment.fault).toBe(fault)
  else expect([environment.variables.X, environment.variables.AFTER]).toEqual([value, 'a'])
})

describe('envFrom', () => {
  const all = (...envFrom: object[]) => {
    const environment = read({ envFrom }, { ...pod, spec: { ...pod.spec, enableServiceLinks: false } })
    if (environment.fault !== undefined) return environment.fault
    return Object.fromEntries(Object.entries(environment.variables).filter(([name]) => !name.startsWith('KUBERNETES_')))
  }
  it.each<{ name: string; envFrom: object[]; expected: unknown }>([
    // Upstream: names that no shell would take are no longer left out.
    {
      name: 'a ConfigMap',
      envFrom: [{ configMapRef: { name: 'settings' } }],
      expected: { COLOR: 'red', 'not.a-name': 'kept', REF: '$(COLOR)' },
    },
    {
      name: 'the last of two',
      envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'login' } }],
      expected: { COLOR: 'blue', 'not.a-name': 'kept', REF: '$(COLOR)', USER: 'ada' },
    },
    { name: 'a prefix', envFrom: [{ prefix: 'p_', secretRef: { name: 'login' } }], expected: { p_COLOR: 'blue', p_USER: 'ada' } },
    { name: 'what is missing', envFrom: [{ configMapRef: { name: 'none' } }], expected: 'configmap "none" not found' },
    { name: 'a Secret that is missing', envFrom: [{ secretRef: { name: 'none' } }], expected: 'secret "none" not found' },
    {
      name: 'what may be missing',
      envFrom: [{ secretRef: { name: 'none', optional: true } }, { configMapRef: { name: 'none', optional: true } }],
      expected: {},
    },
  ])('$name', ({ envFrom, expected }) => expect(all(...envFrom)).toEqual(expected))

  it('gives way to env', () => {
    const environment = read({ envFrom: [{ configMapRef: { name: 'settings' } }], env: [{ name: 'COLOR', value: 'green' }] })
    expect(environment).toMatchObject({ variables: { COLOR: 'green' } })
  })
})

describe('services', () => {
  const names = (given: Pod) => {
    const environment = read({}, given)
    if (environment.fault !== undefined) throw new Error(environment.fault)
    return environment.variables
  }
  it('are those of the namespace, and the API server', () => {
    expect(names(pod)).toEqual({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://10.96.0.1:443',
      KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
      KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
      KUBERNETES_PORT_443_TCP_PORT: '443',
      KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
      MY_DB_SERVICE_HOST: '10.96.0.3',
      MY_DB_SERVICE_PORT: '5432',
      MY_DB_SERVICE_PORT_SQL: '5432',
      MY_DB_SERVICE_PORT_DNS_UDP: '53',
      MY_DB_PORT: 'tcp://10.96.0.3:5432',
      MY_DB_PORT_5432_TCP: 'tcp://10.96.0.3:5432',
      MY_DB_PORT_5432_TCP_PROTO: 'tcp',
      MY_DB_PORT_5432_TCP_PORT: '5432',
      MY_DB_PORT_5432_TCP_ADDR: '10.96.0.3',
      MY_DB_PORT_53_UDP: 'udp://10.96.0.3:53',
      MY_DB_PORT_53_UDP_PROTO: 'udp',
      MY_DB_PORT_53_UDP_PORT: '53',
      MY_DB_PORT_53_UDP_ADDR: '10.96.0.3',
      SIX_SERVICE_HOST: 'fd00::9',
      SIX_SERVICE_PORT: '80',
      SIX_PORT: 'tcp://[fd00::9]:80',
      SIX_PORT_80_TCP: 'tcp://[fd00::9]:80',
      SIX_PORT_80_TCP_PROTO: 'tcp',
      SIX_PORT_80_TCP_PORT: '80',
      SIX_PORT_80_TCP_ADDR: 'fd00::9',
    })
  })
  it('but for the API server are left out on request', () => {
    const variables = names({ ...pod, spec: { ...pod.spec, enableServiceLinks: false } })
    expect(Object.keys(variables).filter((name) => !name.startsWith('KUBERNETES_'))).toEqual([])
    expect(variables.KUBERNETES_SERVICE_HOST).toBe('10.96.0.1')
  })
  it('of one that is replaced are those of the pod', () => {
    expect(read({ env: [{ name: 'MY_DB_SERVICE_HOST', value: 'mine' }] })).toMatchObject({ variables: { MY_DB_SERVICE_HOST: 'mine' } })
  })
})

describe('a file that an init container wrote', () => {
  const given = (script: string, key: string, optional?: boolean) => {
    const mount = { volumeMounts: [{ name: 'shared', mountPath: '/out' }] }
    const env = [{ name: 'X', valueFrom: { fileKeyRef: { volumeName: 'shared', path: 'app.env', key, optional } } }]
    const container = { name: 'c', command: ['sh', '-c', 'echo "<$X>"'], env, ...mount } as unknown as Container
    const initContainers = [{ name: 'init', command: ['sh', '-c', script], ...mount }]
    const own = {
      ...pod,
      spec: { ...pod.spec, containers: [container], initContainers, volumes: [{ name: 'shared', emptyDir: {} }] },
    } as unknown as Pod
    const runtime = new SimulatedRuntime(objects)
    const fault = runtime.configFault(own, container)
    return (
      fault ??
      runtime
        .outcome(own, container, { restartCount: 0, startedAt: 0 })
        .printed.map(({ text }) => text)
        .join('')
    )
  }
  const missing = 'environment variable key "A" not found in file "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/shared/app.env"'
  it.each<{ script: string; key?: string; optional?: boolean; expected: string }>([
    { script: `echo "A='1'" > /out/app.env`, expected: '<1>\n' },
    { script: `echo "# note" > /out/app.env; echo "B='2'" >> /out/app.env; echo "  A='x y' # so" >> /out/app.env`, expected: '<x y>\n' },
    { script: `echo "B='2'" > /out/app.env`, expected: missing },
    { script: `echo "B='2'" > /out/app.env`, optional: true, expected: '<>\n' },
    { script: `echo "A= '2'" > /out/app.env`, expected: missing },
    { script: 'echo A=2 > /out/app.env', expected: "couldn't parse env file" },
    { script: `echo "A ='2'" > /out/app.env`, expected: "couldn't parse env file" },
    { script: 'echo nothing > /out/other', expected: "couldn't parse env file" },
    { script: 'echo nothing > /out/other', optional: true, expected: "couldn't parse env file" },
  ])('$script: $expected', ({ script, key = 'A', optional, expected }) => expect(given(script, key, optional)).toBe(expected))
})

it('decides what a script does', () => {
  const container = {
    name: 'c',
    command: ['sh', '-c', 'if [ $((INDEX % 2)) = 1 ]; then exit 42; fi; sleep 5'],
    env: [{ name: 'INDEX', ...field("metadata.labels['batch.kubernetes.io/job-completion-index']") }],
  } as Container
  const attempt = { restartCount: 0, startedAt: 0 }
  expect(new SimulatedRuntime().outcome(pod, container, attempt)).toMatchObject({ exitCode: 42, runsForMs: 0 })
  const even = { ...pod, metadata: { ...pod.metadata, labels: { 'batch.kubernetes.io/job-completion-index': '4' } } }
  expect(new SimulatedRuntime().outcome(even, container, attempt)).toMatchObject({ exitCode: 0, runsForMs: 5000 })
})
