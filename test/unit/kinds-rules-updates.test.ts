import { describe, expect, test } from 'vitest'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import { statused, updated } from '../support/refusals.ts'
import { BASES } from '../support/rule-bases.ts'

// biome-ignore lint/suspicious/noExplicitAny: each row knows the kind it looks at
type Any = any

const objectOf = (path: string, patch: Any): Any => applyMergePatch(BASES[path] ?? {}, patch)

describe('what may not become of objects', () => {
  test.each<[path: string, what: string, next: Any, old: Any, faults: string[]]>([
    [
      'autoscaling/v2/horizontalpodautoscalers',
      'what was there may stay',
      {
        spec: {
          minReplicas: 0,
          scaleTargetRef: { apiVersion: 'v1' },
          metrics: [{ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '1' } } }],
        },
      },
      { spec: { minReplicas: 0, scaleTargetRef: { apiVersion: 'v1' } } },
      [],
    ],
    [
      'networking.k8s.io/v1/networkpolicies',
      'what was there may stay',
      { spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.9.0.1/16'] } }] }] } },
      { spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.0.0.1/16'] } }] }] } },
      ['spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "10.9.0.1/16": must not have bits set beyond the prefix length'],
    ],
    [
      'networking.k8s.io/v1/ingresses',
      'what was there may stay',
      { spec: { tls: [{ secretName: 'A B' }] } },
      { spec: { tls: [{ secretName: 'C D' }] } },
      [],
    ],
    [
      'networking.k8s.io/v1/ingressclasses',
      'another controller',
      { spec: { controller: 'x' } },
      {},
      [
        'spec.controller: Invalid value: "x": field is immutable',
        'spec.controller: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
    ],
    [
      'networking.k8s.io/v1/ipaddresses',
      'another owner',
      { spec: { parentRef: { name: 't' } } },
      {},
      ['spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"ns","Name":"t"}: field is immutable'],
    ],
    [
      'scheduling.k8s.io/v1/priorityclasses',
      'another value',
      { value: 2000000000 },
      {},
      ['value: Forbidden: may not be changed in an update.'],
    ],
    [
      'storage.k8s.io/v1/csidrivers',
      'fixed fields',
      { spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'] } },
      {},
      [
        'spec.attachedRequired: Invalid value: false: field is immutable',
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
      ],
    ],
    [
      'storage.k8s.io/v1/csinodes',
      'another node',
      { spec: { drivers: [{ name: 'd', nodeID: 'm', allocatable: { count: 3 } }] } },
      {},
      ['spec.drivers: Invalid value: {"Name":"d","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable'],
    ],
    ['storage.k8s.io/v1/csinodes', 'more volumes', { spec: { drivers: [{ name: 'd', nodeID: 'n', allocatable: { count: 3 } }] } }, {}, []],
    [
      'storage.k8s.io/v1/volumeattributesclasses',
      'fixed fields',
      { driverName: 'e', parameters: { a: 'c' } },
      {},
      ['driverName: Forbidden: updates to driverName are forbidden.', 'parameters: Forbidden: updates to parameters are forbidden.'],
    ],
    [
      'storage.k8s.io/v1/volumeattachments',
      'another node',
      {
        spec: { nodeName: 'm' },
      },
      {},
      [
        'spec: Invalid value: {"Attacher":"d","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
      ],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
      'what was there may stay',
      {
        webhooks: [
          { name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'Some', admissionReviewVersions: ['v0'] },
          { name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
        ],
      },
      {
        webhooks: [
          { name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'Some', admissionReviewVersions: ['v0'] },
          { name: 'a.example.com', clientConfig: { url: 'https://a' }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
        ],
      },
      [],
    ],
    [
      'autoscaling/v1/horizontalpodautoscalers',
      'faults are where the second version has the field',
      { spec: { scaleTargetRef: { kind: 'x', name: 'd' }, maxReplicas: 1, targetCPUUtilizationPercentage: 0 } },
      { spec: { scaleTargetRef: { kind: 'x', name: 'd' }, maxReplicas: 1 } },
      ['spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0'],
    ],
  ])('%s: %s', (path, _, next, old, faults) => {
    expect(updated(path, objectOf(path, next), objectOf(path, old))).toEqual(faults)
  })
})

describe('what a status may not say', () => {
  test.each<[path: string, what: string, next: Any, old: Any, faults: string[]]>([
    [
      'networking.k8s.io/v1/ingresses',
      'addresses',
      { status: { loadBalancer: { ingress: [{ ip: '01.2.3.4', hostname: '10.0.0.1' }, { ip: 'x' }] } } },
      { status: { loadBalancer: { ingress: [{ ip: 'x' }] } } },
      [
        'status.loadBalancer.ingress[0].ip: Invalid value: "01.2.3.4": must not have leading 0s',
        'status.loadBalancer.ingress[0].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      ],
    ],
    [
      'networking.k8s.io/v1/servicecidrs',
      'conditions',
      {
        status: {
          conditions: [
            { type: 'a b', status: 'x', reason: '1', message: '', lastTransitionTime: null },
            { type: 'A', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: -1 },
            { type: 'A', status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
          ],
        },
      },
      {},
      [],
    ],
    [
      'flowcontrol.apiserver.k8s.io/v1/flowschemas',
      'conditions',
      { status: { conditions: [{ type: 'a' }, { type: 'a' }, {}] } },
      {},
      ['status.conditions[1].type: Duplicate value: "a"', 'status.conditions[2].type: Required value'],
    ],
    [
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      'warnings',
      { status: { typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } } },
      {},
      [
        'status.typeChecking.expressionWarnings[0].warning: Required value',
        'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
      ],
    ],
    [
      'storage.k8s.io/v1/volumeattachments',
      'errors',
      { status: { attached: false, attachError: { message: 'm'.repeat(1025), errorCode: -1 } } },
      {},
      [
        'status.attachError.message: Too long: may not be more than 262144 bytes',
        'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
    ],
    [
      'apiregistration.k8s.io/v1/apiservices',
      'conditions',
      { status: { conditions: [{ type: 'Available', status: 'x' }] } },
      {},
      ['status.conditions[0].status: Unsupported value: "x": supported values: "True", "False", "Unknown"'],
    ],
  ])('%s: %s', (path, _, next, old, faults) => {
    expect(statused(path, objectOf(path, next), objectOf(path, old))).toEqual(faults)
  })
})
