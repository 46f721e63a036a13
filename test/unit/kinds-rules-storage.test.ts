import { describe, expect, test } from 'vitest'
import { applyMergePatch } from '../../src/api/meta/patches/merge-patch.ts'
import { created } from '../support/refusals.ts'
import { BASES } from '../support/rule-bases.ts'

// biome-ignore lint/suspicious/noExplicitAny: each row knows the kind it looks at
type Any = any

const objectOf = (path: string, patch: Any): Any => applyMergePatch(BASES[path] ?? {}, patch)

describe('what new objects may not say: kinds of storage', () => {
  test.each<[path: string, what: string, patch: Any, faults: string[]]>([
    [
      'storage.k8s.io/v1/storageclasses',
      'topologies',
      {
        allowedTopologies: [
          {
            matchLabelExpressions: [
              { key: 'a b', values: [] },
              { key: 'z', values: ['x', 'x'] },
              { key: 'z', values: ['y'] },
            ],
          },
          { matchLabelExpressions: [{ key: 'z', values: ['a', 'b'] }] },
          { matchLabelExpressions: [{ key: 'z', values: ['b', 'a'] }] },
          {},
        ],
      },
      [
        'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
        "allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "x"',
        'allowedTopologies[0].matchLabelExpressions[2].key: Duplicate value: "z"',
        'allowedTopologies[2].matchLabelExpressions: Duplicate value: ""',
        'allowedTopologies[3].matchLabelExpressions: Duplicate value: ""',
      ],
    ],
    [
      'storage.k8s.io/v1/storageclasses',
      'modes',
      { provisioner: 'a/b/c', reclaimPolicy: 'Recycle', volumeBindingMode: '', parameters: { '': 'x' } },
      [
        "provisioner: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        'parameters: Invalid value: "": field can not be empty.',
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
    ],
    [
      'storage.k8s.io/v1/csidrivers',
      'tokens',
      {
        spec: {
          tokenRequests: [{ audience: 'a', expirationSeconds: 5 }, { audience: 'a' }, { audience: 'b', expirationSeconds: 4294967297 }],
        },
      },
      [
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.tokenRequests[2].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      ],
    ],
    [
      'storage.k8s.io/v1/csidrivers',
      'modes',
      {
        spec: {
          volumeLifecycleModes: ['x'],
          fsGroupPolicy: 'x',
          nodeAllocatableUpdatePeriodSeconds: 9,
          serviceAccountTokenInSecrets: true,
        },
      },
      [
        'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.volumeLifecycleModes: Unsupported value: "x": supported values: "Persistent", "Ephemeral"',
        'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
        'spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ],
    ],
    [
      'storage.k8s.io/v1/csinodes',
      'drivers',
      {
        spec: {
          drivers: [
            { name: '', nodeID: '' },
            {
              name: 'd',
              nodeID:
                'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn',
              allocatable: { count: -1 },
            },
            { name: 'd', nodeID: 'n', topologyKeys: ['', 'k', 'k'] },
          ],
        },
      },
      [
        'spec.drivers[0].name: Required value',
        'spec.drivers[0].nodeID: Required value',
        'spec.drivers[1].nodeID: Invalid value: "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn": must be 256 characters or less',
        'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
        'spec.drivers[2].name: Duplicate value: "d"',
        'spec.drivers[2]: Required value',
        'spec.drivers[2]: Invalid value: "": name part must be non-empty',
        "spec.drivers[2]: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.drivers[2]: Duplicate value: "k"',
      ],
    ],
    [
      'storage.k8s.io/v1/csistoragecapacities',
      'all of it',
      { storageClassName: 'A', capacity: '-1', nodeTopology: { matchExpressions: [{ key: 'k', operator: 'x' }] } },
      [
        'nodeTopology.matchExpressions[0].operator: Invalid value: "x": not a valid selector operator',
        "storageClassName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'capacity: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [
      'storage.k8s.io/v1/volumeattributesclasses',
      'no parameters',
      { driverName: 'a b', parameters: null },
      [
        "driverName: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'parameters: Required value: must contain at least one key/value pair',
      ],
    ],
    [
      'storage.k8s.io/v1/volumeattachments',
      'no source',
      { spec: { attacher: '', nodeName: 'A', source: { persistentVolumeName: null } } },
      [
        'spec.attacher: Required value',
        'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
        "spec.nodeName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      'storage.k8s.io/v1/volumeattachments',
      'both sources',
      { spec: { source: { inlineVolumeSpec: {} } } },
      ['spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
    [
      'storage.k8s.io/v1/volumeattachments',
      'an inline volume',
      {
        spec: {
          source: {
            persistentVolumeName: null,
            inlineVolumeSpec: {
              capacity: { storage: '1' },
              claimRef: { name: 'c' },
              accessModes: ['x'],
              nfs: { server: 's', path: '/' },
              persistentVolumeReclaimPolicy: 'Delete',
              storageClassName: 's',
              volumeMode: 'Block',
              nodeAffinity: {},
            },
          },
        },
      },
      [
        'spec.source.inlineVolumeSpec.claimRef: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.source.inlineVolumeSpec.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes',
        'spec.source.inlineVolumeSpec.nodeAffinity: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
      ],
    ],
  ])('%s: %s', (path, _, patch, faults) => {
    expect(created(path, objectOf(path, patch))).toEqual(faults)
  })
})
