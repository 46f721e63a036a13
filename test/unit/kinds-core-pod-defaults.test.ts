import { describe, expect, test } from 'vitest'
import { isLatestImage } from '../../src/api/core/v1/image-name.ts'
import { setPodDefaults } from '../../src/api/core/v1/pod-defaults.ts'
import { setPodTemplateDefaults } from '../../src/api/core/v1/pod-template.ts'
import type { Pod, PodSpec } from '../../src/api/types.gen.ts'

function podOf(spec: object): Pod {
  return { metadata: { name: 'a', namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '' }, spec: spec as PodSpec }
}

function defaulted(spec: object): PodSpec {
  const pod = podOf(structuredClone(spec))
  setPodDefaults(pod)
  const once = structuredClone(pod)
  setPodDefaults(pod)
  expect(pod).toEqual(once)
  return pod.spec
}

test('a pod that says next to nothing', () => {
  expect(defaulted({ containers: [{ name: 'a', image: 'nginx' }] })).toEqual({
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    containers: [
      {
        name: 'a',
        image: 'nginx',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        resources: {},
      },
    ],
  })
})

test('a template gets neither service links nor requests from limits', () => {
  const template = { spec: { containers: [{ name: 'a', image: 'nginx:1', resources: { limits: { cpu: '1' } } }] } }
  setPodTemplateDefaults(template)
  expect(template.spec).not.toHaveProperty('enableServiceLinks')
  expect(template.spec.containers[0]!.resources).toEqual({ limits: { cpu: '1' } })
  expect(template).toHaveProperty('metadata', {})
})

describe('what a container leaves out', () => {
  test.each<[string, object, object]>([
    ['the protocol of a port', { ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, protocol: 'TCP' }] }],
    [
      'thresholds of a probe',
      { livenessProbe: { httpGet: { port: 80 } } },
      {
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
    ['the service of a gRPC probe', { startupProbe: { grpc: { port: 1 } } }, { startupProbe: { grpc: { port: 1, service: '' } } }],
    [
      'the scheme of a hook',
      { lifecycle: { preStop: { httpGet: { port: 1, path: '/bye' } } } },
      { lifecycle: { preStop: { httpGet: { port: 1, path: '/bye', scheme: 'HTTP' } } } },
    ],
    [
      'the version of a field reference',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }] },
    ],
    [
      'the divisor of a resource reference',
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] },
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } }] },
    ],
    [
      'requests where there are limits',
      { resources: { limits: { cpu: 1, memory: '1024Mi' }, requests: { memory: '0.5Gi' } } },
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '512Mi' } } },
    ],
    ['parts of a thousandth', { resources: { requests: { cpu: '0.0001' } } }, { resources: { requests: { cpu: '1m' } } }],
  ])('%s', (_, given, expected) => {
    const spec = defaulted({ containers: [{ name: 'a', image: 'nginx:1', ...given }] })
    expect(spec.containers[0]).toMatchObject(expected)
  })
})

describe('what a volume leaves out', () => {
  test.each<[object, object]>([
    [{}, { emptyDir: {} }],
    [{ emptyDir: { sizeLimit: '1024Mi' } }, { emptyDir: { sizeLimit: '1Gi' } }],
    [{ configMap: { name: 'a' } }, { configMap: { name: 'a', defaultMode: 420 } }],
    [{ secret: { secretName: 'a' } }, { secret: { secretName: 'a', defaultMode: 420 } }],
    [{ secret: { secretName: 'a', defaultMode: 0 } }, { secret: { secretName: 'a', defaultMode: 0 } }],
    [{ hostPath: { path: '/a' } }, { hostPath: { path: '/a', type: '' } }],
    [
      { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      { downwardAPI: { defaultMode: 420, items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels', apiVersion: 'v1' } }] } },
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    ],
    [
      { ephemeral: { volumeClaimTemplate: { spec: {} } } },
      { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem', resources: {} } } } },
    ],
    [{ image: { reference: 'a/b:1' } }, { image: { reference: 'a/b:1', pullPolicy: 'IfNotPresent' } }],
    [{ iscsi: { targetPortal: 'a', iqn: 'b', lun: 0 } }, { iscsi: { targetPortal: 'a', iqn: 'b', lun: 0, iscsiInterface: 'default' } }],
  ])('%j', (given, expected) => {
    const { volumes } = defaulted({ containers: [], volumes: [{ name: 'v', ...given }] })
    expect(volumes).toEqual([{ name: 'v', ...expected }])
  })
})

test('the two names of the service account are one', () => {
  expect(defaulted({ containers: [], serviceAccount: 'old' })).toMatchObject({ serviceAccountName: 'old', serviceAccount: 'old' })
  const spec = defaulted({ containers: [], serviceAccount: 'old', serviceAccountName: 'new' })
  expect(spec).toMatchObject({ serviceAccountName: 'new', serviceAccount: 'new' })
})

test('on the host network a port is the host’s', () => {
  const spec = defaulted({ hostNetwork: true, containers: [{ name: 'a', image: 'b:1', ports: [{ containerPort: 80 }] }] })
  expect(spec.containers[0]!.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
})

describe('pod-level resources', () => {
  const container = { name: 'a', image: 'b:1', resources: { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '1Gi' } } }
  test('requests follow from the containers, else from the limits', () => {
    const spec = defaulted({ containers: [container], resources: { limits: { cpu: '1', memory: '2Gi' } } })
    expect(spec.resources).toEqual({ limits: { cpu: '1', memory: '2Gi' }, requests: { cpu: '100m', memory: '1Gi' } })
  })
  test('limits of the containers are not the pod’s', () => {
    const other = { name: 'b', image: 'b:1', resources: { limits: { cpu: '300m' } } }
    const spec = defaulted({ containers: [container, other], resources: { requests: { cpu: '450m' } } })
    expect(spec.resources).toEqual({ requests: { cpu: '450m' } })
  })
})

describe('images pulled always', () => {
  test.each([
    ['nginx', true],
    ['nginx:latest', true],
    ['nginx:1.25', false],
    ['registry.example.com:5000/team/app', true],
    ['registry.example.com:5000/team/app:v1', false],
    [`nginx@sha256:${'a'.repeat(64)}`, false],
    ['Not A Name', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (image, isLatest) => {
    expect(isLatestImage(image)).toBe(isLatest)
  })
})
