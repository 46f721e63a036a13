import { describe, expect, test } from 'vitest'
import { pod } from '../../src/api/core/v1/pod.ts'
import { setPodDefaults } from '../../src/api/core/v1/pod-defaults.ts'
import { fieldErrorText } from '../../src/api/meta/field-error.ts'
import type { Pod, PodSpec, PodStatus } from '../../src/api/types.gen.ts'

const FORBIDDEN =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

function podOf(spec: object = {}, metadata: object = {}, status?: PodStatus): Pod {
  const object: Pod = {
    metadata: { name: 'abc', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { containers: [{ name: 'a', image: 'foo:V1' }], ...(structuredClone(spec) as Partial<PodSpec>) },
    ...(status === undefined ? {} : { status }),
  }
  setPodDefaults(object)
  return object
}

const update = (next: object, old: object): string[] => pod.validateUpdate!(podOf(next), podOf(old)).map(fieldErrorText)

describe('what may change', () => {
  test.each<[string, object, object]>([
    ['nothing', {}, {}],
    ['an image', { containers: [{ name: 'a', image: 'foo:V2' }] }, {}],
    [
      'an init image',
      { initContainers: [{ name: 'i', image: 'b' }] },
      { initContainers: [{ name: 'i', image: 'c', imagePullPolicy: 'Always' }] },
    ],
    ['a first deadline', { activeDeadlineSeconds: 5 }, {}],
    ['a shorter deadline', { activeDeadlineSeconds: 5 }, { activeDeadlineSeconds: 10 }],
    ['one more toleration', { tolerations: [{ key: 'a' }, { key: 'b' }] }, { tolerations: [{ key: 'a' }] }],
    [
      'how long it tolerates',
      { tolerations: [{ key: 'a', effect: 'NoExecute', tolerationSeconds: 5 }] },
      { tolerations: [{ key: 'a', effect: 'NoExecute', tolerationSeconds: 9 }] },
    ],
    ['a gate less', { schedulingGates: [{ name: 'b' }] }, { schedulingGates: [{ name: 'a' }, { name: 'b' }] }],
    ['a grace period that made no sense', { terminationGracePeriodSeconds: 1 }, { terminationGracePeriodSeconds: -1 }],
    ['zero values written out', { hostNetwork: false, nodeName: '', volumes: [] }, {}],
    [
      'a node selector while gated',
      { schedulingGates: [{ name: 'a' }], nodeSelector: { zone: 'x', disk: 'y' } },
      { schedulingGates: [{ name: 'a' }], nodeSelector: { zone: 'x' } },
    ],
  ])('%s', (_, next, old) => {
    expect(update(next, old)).toEqual([])
  })
})

describe('what may not', () => {
  test.each<[string, object, object, string]>([
    ['the number of containers', { containers: [] }, {}, 'spec.containers: Forbidden: pod updates may not add or remove containers'],
    [
      'a later deadline',
      { activeDeadlineSeconds: 10 },
      { activeDeadlineSeconds: 5 },
      'spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value',
    ],
    [
      'no deadline any more',
      {},
      { activeDeadlineSeconds: 5 },
      'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
    ],
    [
      'a toleration less',
      {},
      { tolerations: [{ key: 'a' }] },
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ],
    [
      'a gate more',
      { schedulingGates: [{ name: 'b' }] },
      {},
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
    ],
    [
      'a node selector while gated, if not by addition',
      { schedulingGates: [{ name: 'a' }], nodeSelector: { zone: 'y' } },
      { schedulingGates: [{ name: 'a' }], nodeSelector: { zone: 'x' } },
      'spec.nodeSelector: Invalid value: {"zone":"y"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
  ])('%s', (_, next, old, expected) => {
    expect(update(next, old)).toContain(expected)
  })

  test.each<[string, object, object, string]>([
    ['the node', { nodeName: 'b' }, { nodeName: 'a' }, '- "NodeName": "a",\n+ "NodeName": "b",\n'],
    ['the restart policy', { restartPolicy: 'Never' }, {}, '- "RestartPolicy": "Always",\n+ "RestartPolicy": "Never",\n'],
    [
      'resources',
      { containers: [{ name: 'a', image: 'foo:V1', resources: { limits: { cpu: '2' } } }] },
      { containers: [{ name: 'a', image: 'foo:V1', resources: { limits: { cpu: '1' } } }] },
      '-     "cpu": "1"\n+     "cpu": "2"\n',
    ],
  ])('%s', (_, next, old, diff) => {
    const [text, ...others] = update(next, old)
    expect(others).toEqual([])
    expect(text!.startsWith(`${FORBIDDEN}@@ -`)).toBe(true)
    expect(text).toContain(diff)
  })

  test('the mirror annotation', () => {
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
    const [old, next] = [podOf({ nodeName: 'n' }, mirror), podOf({ nodeName: 'n' })]
    expect(pod.validateUpdate!(next, old).map(fieldErrorText)).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
    ])
  })
})

describe('creation', () => {
  test('the server says what the status is', () => {
    const object = podOf({}, {}, { phase: 'Running' })
    pod.prepareForCreate!(object)
    expect(object.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
  })

  test('a gated pod says so', () => {
    const object = podOf({ schedulingGates: [{ name: 'a' }] })
    pod.prepareForCreate!(object)
    expect(object.status!.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }])
  })

  test('label keys become requirements on the pod’s own values', () => {
    const term = { labelSelector: { matchLabels: { app: 'a' } }, matchLabelKeys: ['hash'], mismatchLabelKeys: ['tenant'], topologyKey: 'z' }
    const object = podOf(
      { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
      { labels: { hash: '1', tenant: 't' } },
    )
    pod.prepareForCreate!(object)
    expect(object.spec.affinity!.podAffinity!.requiredDuringSchedulingIgnoredDuringExecution![0]!.labelSelector!.matchExpressions).toEqual([
      { key: 'hash', operator: 'In', values: ['1'] },
      { key: 'tenant', operator: 'NotIn', values: ['t'] },
    ])
    expect(pod.validate!(object)).toEqual([])
  })
})

describe('deletion', () => {
  test.each<[string, object, PodStatus | undefined, number | undefined, number]>([
    ['the spec decides', { nodeName: 'n' }, undefined, undefined, 30],
    ['the caller decides', { nodeName: 'n' }, undefined, 5, 5],
    ['at once, if the caller says so', { nodeName: 'n' }, undefined, 0, 0],
    ['no node, no wait', {}, undefined, 5, 0],
    ['finished, no wait', { nodeName: 'n' }, { phase: 'Failed' }, undefined, 0],
    ['less than nothing is a second', { nodeName: 'n', terminationGracePeriodSeconds: -5 }, undefined, undefined, 1],
  ])('%s', (_, spec, status, requested, expected) => {
    expect(pod.gracePeriodSeconds!(podOf(spec, {}, status), requested)).toBe(expected)
  })
})

describe('status', () => {
  const terminated = (exitCode: number): PodStatus => ({
    phase: 'Running',
    qosClass: 'BestEffort',
    containerStatuses: [{ name: 'a', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode } } }],
  })
  const running: PodStatus = {
    phase: 'Running',
    qosClass: 'BestEffort',
    containerStatuses: [{ name: 'a', image: '', imageID: '', ready: true, restartCount: 1, state: { running: {} } }],
  }
  const statusUpdate = (spec: object, next: PodStatus, old: PodStatus): string[] =>
    pod.validateStatusUpdate!(podOf(spec, {}, next), podOf(spec, {}, old)).map(fieldErrorText)

  test.each<[string, object, PodStatus, PodStatus, string[]]>([
    ['containers are restarted', {}, running, terminated(0), []],
    ['after a failure', { restartPolicy: 'OnFailure' }, running, terminated(1), []],
    [
      'but not after success',
      { restartPolicy: 'OnFailure' },
      running,
      terminated(0),
      ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'],
    ],
    [
      'or never',
      { restartPolicy: 'Never' },
      running,
      terminated(1),
      ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'],
    ],
    [
      'the class of service stays',
      {},
      { ...running, qosClass: 'Burstable' },
      running,
      ['status.qosClass: Invalid value: "Burstable": field is immutable'],
    ],
    ['one address a family', {}, { ...running, podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }, running, []],
    [
      'not two',
      {},
      { ...running, podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
      running,
      ['status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family'],
    ],
    [
      'the host’s addresses agree',
      {},
      { ...running, hostIP: '1.1.1.1', hostIPs: [{ ip: '1.1.1.2' }] },
      running,
      ['status.hostIPs[0].ip: Invalid value: "1.1.1.2": must be equal to `hostIP`'],
    ],
    ['the same address twice', {}, { ...running, podIPs: [{ ip: '10.0.0.1' }] }, running, []],
    ['an address in a spelling of its own', {}, { ...running, podIPs: [{ ip: 'FD00::1' }] }, running, []],
    [
      'an address that may be octal',
      {},
      { ...running, podIPs: [{ ip: '10.0.0.01' }] },
      running,
      ['status.podIPs[0]: Invalid value: "10.0.0.01": must not have leading 0s'],
    ],
    [
      'a condition of a strange name',
      {},
      { ...running, conditions: [{ type: 'a b', status: 'True', observedGeneration: -1 }] },
      running,
      [
        'status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer',
        expect.stringMatching(/^status\.conditions\[0\]\.Type: Invalid value: "a b": name part must consist of/) as unknown as string,
      ],
    ],
    [
      'no nomination after binding',
      { nodeName: 'n' },
      { ...running, nominatedNodeName: 'm' },
      running,
      ['status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node'],
    ],
    [
      'an own policy counts for more than the pod’s',
      { restartPolicy: 'Always', containers: [{ name: 'a', restartPolicy: 'Never' }] },
      running,
      terminated(1),
      ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'],
    ],
    [
      'and a rule for more than that',
      {
        restartPolicy: 'Never',
        containers: [
          { name: 'a', restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [3] } }] },
        ],
      },
      running,
      terminated(3),
      [],
    ],
    [
      'anything goes where one may restart all',
      {
        restartPolicy: 'Never',
        containers: [{ name: 'a' }, { name: 'b', restartPolicy: 'Never', restartPolicyRules: [{ action: 'RestartAllContainers' }] }],
      },
      running,
      terminated(0),
      [],
    ],
    [
      'what a container runs as',
      {},
      { ...running, containerStatuses: [{ ...running.containerStatuses![0]!, user: { linux: { uid: -1, gid: 0 } } }] },
      running,
      ['status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    ],
    [
      'the health of what it never asked for',
      {},
      {
        ...running,
        containerStatuses: [
          {
            ...running.containerStatuses![0]!,
            allocatedResourcesStatus: [{ name: 'x/y', resources: [{ resourceID: '1', health: 'Ill' }] }],
          },
        ],
      },
      running,
      [
        'status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: "x/y": must match one of the container\'s resource requests',
        'status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health: Unsupported value: "Ill": supported values: "Healthy", "Unhealthy", "Unknown"',
      ],
    ],
    [
      'a claim for extended resources',
      {},
      { ...running, extendedResourceClaimStatus: { resourceClaimName: '', requestMappings: [] } },
      running,
      [
        'status.extendedResourceClaimStatus.requestMappings: Required value: at least one request mapping is required',
        'status.extendedResourceClaimStatus.resourceClaimName: Required value',
      ],
    ],
  ])('%s', (_, spec, next, old, expected) => {
    expect(statusUpdate(spec, next, old)).toEqual(expected)
  })

  test('what an old kubelet leaves out is kept', () => {
    const old = podOf(
      {},
      { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: '1' }] },
      {
        qosClass: 'BestEffort',
        observedGeneration: 3,
        conditions: [{ type: 'Ready', status: 'True', observedGeneration: 3 }],
      },
    )
    const next = podOf({}, {}, { conditions: [{ type: 'Ready', status: 'False' }] })
    pod.prepareForStatusUpdate!(next, old, '2026-01-01T00:05:00Z')
    expect(next.metadata).toHaveProperty('ownerReferences', (old.metadata as { ownerReferences?: unknown }).ownerReferences)
    expect(next.status).toMatchObject({
      qosClass: 'BestEffort',
      observedGeneration: 3,
      conditions: [{ status: 'False', observedGeneration: 3 }],
    })
  })
})

test('fields that can be selected by', () => {
  const object = podOf({ nodeName: 'n', serviceAccountName: 'sa' }, {}, { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] })
  const fields = Object.fromEntries(Object.entries(pod.selectableFields!).map(([field, value]) => [field, value(object)]))
  expect(fields).toEqual({
    'spec.nodeName': 'n',
    'spec.host': 'n',
    'spec.restartPolicy': 'Always',
    'spec.schedulerName': 'default-scheduler',
    'spec.serviceAccountName': 'sa',
    'spec.hostNetwork': 'false',
    'status.phase': 'Running',
    'status.podIP': '10.0.0.1',
    'status.podIPs': '',
    'status.nominatedNodeName': '',
  })
})
