/** Upstream: the admission_test.go of setdefault, defaultingressclass, resize, nodetaint, storageobjectinuseprotection, lifecycle and subjectrestriction. */
import { describe, expect, it } from 'vitest'
import { certificateSubjectRestriction } from '../../src/admission/certificate-subject-restriction.ts'
import { defaultIngressClass } from '../../src/admission/default-ingress-class.ts'
import { defaultStorageClass } from '../../src/admission/default-storage-class.ts'
import { namespaceLifecycle } from '../../src/admission/namespace-lifecycle.ts'
import { persistentVolumeClaimResize } from '../../src/admission/persistent-volume-claim-resize.ts'
import { storageObjectInUseProtection } from '../../src/admission/storage-object-in-use-protection.ts'
import { taintNodesByCondition } from '../../src/admission/taint-nodes-by-condition.ts'
import { admit } from '../support/admit.ts'
import type { Json } from '../support/api.ts'

const T1 = '2026-01-01T00:00:01Z'
const T2 = '2026-01-01T00:00:02Z'

describe.each([
  {
    plugin: defaultStorageClass,
    resource: 'persistentvolumeclaims',
    classes: 'storageclasses.storage.k8s.io',
    field: 'storageClassName',
    isDefault: 'storageclass.kubernetes.io/is-default-class',
    annotation: 'volume.beta.kubernetes.io/storage-class',
  },
  {
    plugin: defaultIngressClass,
    resource: 'ingresses.networking.k8s.io',
    classes: 'ingressclasses.networking.k8s.io',
    field: 'ingressClassName',
    isDefault: 'ingressclass.kubernetes.io/is-default-class',
    annotation: 'kubernetes.io/ingress.class',
  },
])('$plugin.name', ({ plugin, resource, classes, field, isDefault, annotation }) => {
  const classOf = (name: string, creationTimestamp: string, value = 'true') => ({
    metadata: { name, creationTimestamp, annotations: { [isDefault]: value } },
  })
  const plain = { metadata: { name: 'plain', creationTimestamp: T2 } }
  const object = (name: string | undefined, metadata: Json = {}) => ({
    metadata: { name: 'x', ...metadata },
    spec: { ...(name !== undefined && { [field]: name }) },
  })
  const chosen = (given: Json, known: Json[], others: Json = {}) =>
    admit(plugin, { resource, object: given, cluster: { [classes]: known }, ...others }).object.spec[field]
  it.each<[string, Json, Json[], string | undefined]>([
    ['none where there is no default', object(undefined), [plain, classOf('not', T1, 'false')], undefined],
    ['the default', object(undefined), [plain, classOf('default1', T1)], 'default1'],
    ['none where that is asked for', object(''), [classOf('default1', T1)], ''],
    ['what is asked for', object('foo'), [classOf('default1', T1)], 'foo'],
    ['what an annotation asks for', object(undefined, { annotations: { [annotation]: 'foo' } }), [classOf('default1', T1)], undefined],
    ['none of two where that is asked for', object(''), [classOf('default1', T1), classOf('default2', T1)], ''],
    ['what is asked for beside two', object('foo'), [classOf('default1', T1), classOf('default2', T1)], 'foo'],
    ['of two the first by name', object(undefined), [classOf('default2', T1), classOf('default1', T1)], 'default1'],
    ['of two the newer', object(undefined), [classOf('default1', T1), classOf('default2', T2)], 'default2'],
  ])('%s', (_name, given, known, expected) => expect(chosen(given, known)).toBe(expected))

  it('looks at creates alone', () => {
    expect(chosen(object(undefined), [classOf('default1', T1)], { old: object(undefined) })).toBeUndefined()
    expect(chosen(object(undefined), [classOf('default1', T1)], { subresource: 'status' })).toBeUndefined()
  })
})

it('DefaultStorageClass knows the old annotation', () => {
  const known = {
    metadata: { name: 'beta', creationTimestamp: T1, annotations: { 'storageclass.beta.kubernetes.io/is-default-class': 'true' } },
  }
  const given = { metadata: { name: 'x' }, spec: {} }
  const { object } = admit(defaultStorageClass, {
    resource: 'persistentvolumeclaims',
    object: given,
    cluster: { 'storageclasses.storage.k8s.io': [known] },
  })
  expect(object.spec.storageClassName).toBe('beta')
})

describe('PersistentVolumeClaimResize', () => {
  const claim = (storage: string, storageClassName: string | undefined = 'gold', phase = 'Bound', metadata: Json = {}) => ({
    metadata: { name: 'v', ...metadata },
    spec: { resources: { requests: { storage } }, ...(storageClassName && { storageClassName }) },
    status: { phase },
  })
  const classes = [
    { metadata: { name: 'gold' }, allowVolumeExpansion: true },
    { metadata: { name: 'silver' }, allowVolumeExpansion: false },
    { metadata: { name: 'tin' } },
  ]
  const CLASS = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'
  it.each<[string, Json, Json, string | undefined]>([
    ['grows where its class allows it', claim('1Gi'), claim('2Gi'), undefined],
    [
      'grows where its class of old allows it',
      claim('1Gi', '', 'Bound', { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } }),
      claim('2Gi', '', 'Bound', { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } }),
      undefined,
    ],
    ['does not grow where its class forbids it', claim('1Gi', 'silver'), claim('2Gi', 'silver'), CLASS],
    ['does not grow where its class says nothing', claim('1Gi', 'tin'), claim('2Gi', 'tin'), CLASS],
    ['does not grow without a class', claim('1Gi', ''), claim('2Gi', ''), CLASS],
    ['does not grow with a class that is gone', claim('1Gi', 'gone'), claim('2Gi', 'gone'), CLASS],
    ['does not grow into another class', claim('1Gi', 'tin'), claim('2Gi', 'gold'), CLASS],
    ['stays as it is', claim('1Gi', 'tin'), claim('1024Mi', 'tin'), undefined],
    ['shrinks, which is for validation to refuse', claim('2Gi', 'tin'), claim('1Gi', 'tin'), undefined],
    [
      'does not grow before it is bound',
      claim('1Gi', 'gold', 'Pending'),
      claim('2Gi', 'gold', 'Pending'),
      'Only bound persistent volume claims can be expanded',
    ],
  ])('a claim %s', (_name, old, object, expected) => {
    const { refusal } = admit(persistentVolumeClaimResize, {
      resource: 'persistentvolumeclaims',
      object,
      old,
      cluster: { 'storageclasses.storage.k8s.io': classes },
    })
    expect(refusal).toBe(expected && `403 persistentvolumeclaims "v" is forbidden: ${expected}`)
  })
})

describe('TaintNodesByCondition', () => {
  const TAINT = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  const node = (taints?: Json[], status: Json = {}) => ({ metadata: { name: 'n' }, spec: { ...(taints && { taints }) }, status })
  it.each<[string, Json, Json[]]>([
    ['a new node', node(), [TAINT]],
    ['a node that has it', node([TAINT]), [TAINT]],
    ['a node that is not ready', node([], { conditions: [{ type: 'Ready', status: 'False' }] }), [TAINT]],
    ['a node with another effect of it', node([{ ...TAINT, effect: 'NoExecute' }]), [{ ...TAINT, effect: 'NoExecute' }, TAINT]],
  ])('%s', (_name, object, expected) => {
    expect(admit(taintNodesByCondition, { resource: 'nodes', namespace: '', object }).object.spec.taints).toEqual(expected)
  })
  it('looks at creates alone', () => {
    expect(admit(taintNodesByCondition, { resource: 'nodes', namespace: '', object: node(), old: node() }).object).toEqual(node())
  })
})

describe('StorageObjectInUseProtection', () => {
  const finalizersOf = (resource: string, finalizers?: string[], others: Json = {}) =>
    admit(storageObjectInUseProtection, { resource, object: { metadata: { name: 'x', ...(finalizers && { finalizers }) } }, ...others })
      .object.metadata.finalizers
  it.each<[string, string, string[] | undefined, string[] | undefined]>([
    ['a claim', 'persistentvolumeclaims', undefined, ['kubernetes.io/pvc-protection']],
    ['a claim that has it', 'persistentvolumeclaims', ['kubernetes.io/pvc-protection'], ['kubernetes.io/pvc-protection']],
    ['a claim that has others', 'persistentvolumeclaims', ['own.io/x'], ['own.io/x', 'kubernetes.io/pvc-protection']],
    ['a volume', 'persistentvolumes', undefined, ['kubernetes.io/pv-protection']],
    ['a volume that has it', 'persistentvolumes', ['kubernetes.io/pv-protection'], ['kubernetes.io/pv-protection']],
    ['a class of attributes', 'volumeattributesclasses.storage.k8s.io', undefined, ['kubernetes.io/vac-protection']],
    [
      'a class of attributes that has it',
      'volumeattributesclasses.storage.k8s.io',
      ['kubernetes.io/vac-protection'],
      ['kubernetes.io/vac-protection'],
    ],
    ['something else', 'storageclasses.storage.k8s.io', undefined, undefined],
  ])('%s', (_name, resource, given, expected) => expect(finalizersOf(resource, given)).toEqual(expected))
  it('looks at creates of the thing itself', () => {
    expect(finalizersOf('persistentvolumes', undefined, { subresource: 'status' })).toBeUndefined()
    expect(finalizersOf('persistentvolumes', undefined, { old: { metadata: {} } })).toBeUndefined()
  })
})

describe('NamespaceLifecycle', () => {
  const namespaces = [{ metadata: { name: 'default' } }, { metadata: { name: 'going', deletionTimestamp: T1 } }]
  const run = (write: Json) =>
    admit(namespaceLifecycle, { resource: 'pods', object: { metadata: { name: 'p' } }, cluster: { namespaces }, ...write }).refusal
  it.each<[string, Json, string | undefined]>([
    ['creates where it is there', {}, undefined],
    ['creates where it is not', { namespace: 'none' }, '404 namespaces "none" not found'],
    [
      'creates where it is going',
      { namespace: 'going' },
      '403 pods "p" is forbidden: unable to create new content in namespace going because it is being terminated',
    ],
    ['updates where it is going', { namespace: 'going', old: {} }, undefined],
    ['deletes where it is going', { namespace: 'going', operation: 'delete' }, undefined],
    [
      'a namespace that is going',
      { resource: 'namespaces', namespace: '', operation: 'delete', object: { metadata: { name: 'going' } } },
      undefined,
    ],
    ...['default', 'kube-system', 'kube-public'].map((name): [string, Json, string] => [
      `the end of ${name}`,
      { resource: 'namespaces', namespace: '', operation: 'delete', object: { metadata: { name } } },
      `403 namespaces "${name}" is forbidden: this namespace may not be deleted`,
    ]),
    ['what is in no namespace', { resource: 'nodes', namespace: '' }, undefined],
  ])('%s', (_name, write, expected) => expect(run(write)).toBe(expected))
})

/** Of `openssl req -new`: the subjects are O=system:masters, O=others, CN=eve and O=developers, CN=ann. */
const MASTERS =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIek1JR2FBZ0VBTURneEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVE4d0RRWURWUVFLREFadgpkR2hsY25NeEREQUtCZ05WQkFNTUEyVjJaVEJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCSTdsCkNFYjFMNFJtSGVTKzltSmN2a0VWcDRzc09WNnd3dG4wSDRLOXF5STRIZG4wd2d3ZjlhaHZxdnZWVVkxY0hYUHYKQ25QSW9Za0U4ODYzeEQxVGw2ZWdBREFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUFqeVZGeWllcTlJNjJwbWlZeQpQaEszOVZPOExzTEh4WkNWTTExUmJhZDJBd0loQVBwS1hPYWtLT09qSnpaMExMQVVPMGdTMUkrTjY4VFJrYTB3CkFxd2RCNzNTCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='
const DEVELOPERS =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZU1JR0ZBZ0VBTUNNeEV6QVJCZ05WQkFvTUNtUmxkbVZzYjNCbGNuTXhEREFLQmdOVkJBTU1BMkZ1YmpCWgpNQk1HQnlxR1NNNDlBZ0VHQ0NxR1NNNDlBd0VIQTBJQUJFWmpEb2hQQnBYMDJXTUxtWnNqNFd2UFlicnVUS25XCk1PN0lSbTllaFEzY2pTaVk2eXdZclA1Sm9iMFR5emVNcnVNZlhtdEhrZTFVbGZqNTFzQ3VoTUdnQURBS0JnZ3EKaGtqT1BRUURBZ05JQURCRkFpRUEvTnNMa0F1eUh2ZHJlbnM0ZndVdU9RZVRCRGFnaUVqQ3pwNEdmL0pzQmk0QwpJQk15UDJaVFI5bXNNWVgyT3VsZXY1di9Ra2grRisrZzI3YWZpdllkSEtCNgotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K'

describe('CertificateSubjectRestriction', () => {
  const SIGNER = 'kubernetes.io/kube-apiserver-client'
  const run = (request: string, signerName = SIGNER, others: Json = {}) =>
    admit(certificateSubjectRestriction, {
      resource: 'certificatesigningrequests.certificates.k8s.io',
      namespace: '',
      object: { metadata: { name: 'csr' }, spec: { request, signerName } },
      ...others,
    }).refusal
  const FORBIDDEN = '403 certificatesigningrequests.certificates.k8s.io "csr" is forbidden: '
  it.each<[string, string | undefined, string | undefined]>([
    ['of a group', run(DEVELOPERS), undefined],
    ['of the masters', run(MASTERS), `${FORBIDDEN}use of ${SIGNER} signer with system:masters group is not allowed`],
    ['of the masters, to another signer', run(MASTERS, 'example.com/signer'), undefined],
    ['that can not be read', run('bm8='), `${FORBIDDEN}failed to parse CSR: asn1: structure error`],
    [
      'that is cut',
      run(
        Buffer.from(
          Buffer.from(MASTERS, 'base64')
            .toString()
            .replace(/\n.{60}/, '\n'),
        ).toString('base64'),
      ),
      `${FORBIDDEN}failed to parse CSR: asn1: structure error`,
    ],
    ['that changes', run(MASTERS, SIGNER, { old: {} }), undefined],
    ['through a subresource', run(MASTERS, SIGNER, { subresource: 'approval' }), undefined],
    ['that is none', run(MASTERS, SIGNER, { resource: 'configmaps' }), undefined],
  ])('a request %s', (_name, refusal, expected) => expect(refusal).toBe(expected))
})
