import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { checkApiOperations } from '../../support/api-operations.ts'
import { Conformance, expectNewer, expectValidRevision, namesOf, until } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'
import { SAMPLES } from '../../support/samples.ts'

const REQUEST = SAMPLES['certificates.k8s.io/v1/certificatesigningrequests'] as Json

/** Self-signed, of CN=sample: its form is all that is looked at. */
const CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBeDCCAR+gAwIBAgIUCaYNF1dqeXs2lKWLMR45Xit0XU4wCgYIKoZIzj0EAwIw',
  'ETEPMA0GA1UEAwwGc2FtcGxlMCAXDTI2MTEyNDAxMzg0NloYDzIxMjYxMDMxMDEz',
  'ODQ2WjARMQ8wDQYDVQQDDAZzYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
  'AATD3oz51tSVvfE+tU0luMzT7OS19KJIedDbQTGQ6LniDhLdiSKYX65LSZSSV19E',
  '0ORCZ1NIi9xB6DVFD0d9P0FKo1MwUTAdBgNVHQ4EFgQUM/lXze5z5W2UD74xUFJn',
  'Zk9xktAwHwYDVR0jBBgwFoAUM/lXze5z5W2UD74xUFJnZk9xktAwDwYDVR0TAQH/',
  'BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAFLbEpw4N9tv2Aa2F31iMlY5B4yEz3',
  'ijw956F6JU++9AIgOs+CQlbK2QkOoAJidTCPc5s59z0B9zfJccvxGl/vCYc=',
  '-----END CERTIFICATE-----',
  '',
].join('\n')

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

it('[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations', () =>
  checkApiOperations(e2e, {
    title: 'CSR',
    path: 'certificates.k8s.io/v1/certificatesigningrequests',
    otherSubresources: ['approval'],
    object: { spec: { ...REQUEST.spec, signerName: 'e2e.example.com/signer', expirationSeconds: 3600 } },
    status: {
      takesMetadata: true,
      patch: { certificate: Buffer.from(CERTIFICATE).toString('base64') },
      update: (status) => {
        status.conditions = [
          ...(status.conditions ?? []),
          {
            type: 'StatusUpdate',
            status: 'True',
            reason: 'E2E',
            message: 'Set from an e2e test',
            lastUpdateTime: '2026-01-01T00:00:00Z',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ]
      },
    },
    andThen: async (client, name) => {
      const dynamic = e2e.dynamicClient('certificates.k8s.io/v1/certificatesigningrequests')
      const { kind, spec, metadata } = await dynamic.get(name, 'approval')
      expect([kind, spec.expirationSeconds, spec.username]).toEqual(['CertificateSigningRequest', 3600, 'kubernetes-admin'])
      const before = (await client.get(name)).status.conditions.length
      const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from an e2e test' })
      const conditions = [...(await client.get(name)).status.conditions, condition('ApprovalPatch')]
      const patch = { metadata: { annotations: { patchedapproval: 'true' } }, status: { conditions } }
      const patched = await client.patch(name, patch, { subresource: 'approval' })
      expect(patched.status.conditions).toHaveLength(before + 1)
      expect(patched.status.conditions.at(-1)).toMatchObject(condition('ApprovalPatch'))
      expect(patched.metadata.annotations).toEqual({ ...metadata.annotations, patchedapproval: 'true' })
      const approved = await client.change(name, ({ status }) => status.conditions.push(condition('Approved')), 'approval')
      expect(approved.status.conditions.at(-1)).toMatchObject(condition('Approved'))
    },
  }))

it('[sig-auth] ServiceAccounts should allow opting out of API token automount', async () => {
  const namespace = await e2e.namespace('svcaccounts')
  const accounts = e2e.client('v1/serviceaccounts', namespace)
  const pods = e2e.client('v1/pods', namespace)
  await accounts.create({ metadata: { name: 'mount' }, automountServiceAccountToken: true })
  await accounts.create({ metadata: { name: 'nomount' }, automountServiceAccountToken: false })

  const rows: readonly [account: string, ofPod: boolean | undefined, expected: boolean][] = [
    ['default', undefined, true],
    ['mount', undefined, true],
    ['nomount', undefined, false],
    ['default', true, true],
    ['mount', true, true],
    ['nomount', true, true],
    ['default', false, false],
    ['mount', false, false],
    ['nomount', false, false],
  ]
  for (const [serviceAccountName, automount, expected] of rows) {
    const { spec } = await pods.create({
      metadata: { name: `pod-${serviceAccountName}-${automount ?? 'unset'}` },
      spec: {
        containers: [{ name: 'token-test', image: 'agnhost' }],
        restartPolicy: 'Never',
        serviceAccountName,
        ...(automount === undefined ? {} : { automountServiceAccountToken: automount }),
      },
    })
    const mounts = (spec.containers[0].volumeMounts ?? []).filter(
      ({ mountPath }: Json) => mountPath === '/var/run/secrets/kubernetes.io/serviceaccount',
    )
    expect([serviceAccountName, automount, mounts.length === 1]).toEqual([serviceAccountName, automount, expected])
    const volumes = (spec.volumes ?? []).map(({ name }: Json) => name)
    expect(volumes).toEqual(mounts.map(({ name }: Json) => name))
  }
})

it('[sig-auth] ServiceAccounts should run through the lifecycle of a ServiceAccount', async () => {
  const namespace = await e2e.namespace('svcaccounts')
  const client = e2e.client('v1/serviceaccounts', namespace)
  const labelSelector = 'test-serviceaccount-static=true'
  const { metadata } = await client.list({ labelSelector })
  const stream = await client.watch({ labelSelector, resourceVersion: metadata.resourceVersion })
  const created = await client.create({ metadata: { name: 'testserviceaccount', labels: { 'test-serviceaccount-static': 'true' } } })
  expectValidRevision(created)
  expect((await client.get('testserviceaccount')).metadata.uid).toBe(created.metadata.uid)
  await until(stream, 'ADDED')

  const patched = await client.patch('testserviceaccount', { automountServiceAccountToken: false }, { type: STRATEGIC_PATCH })
  expect(patched.automountServiceAccountToken).toBe(false)
  expectNewer(patched, created)
  await until(stream, 'MODIFIED')
  const { items } = await e2e.client('v1/serviceaccounts').list({ labelSelector })
  expect(items.map(({ metadata }: Json) => `${metadata.namespace}/${metadata.name}`)).toEqual([`${namespace}/testserviceaccount`])
  await client.deleteCollection({ labelSelector })
  await until(stream, 'DELETED')
  expect(namesOf(await client.list({ labelSelector }))).toEqual([])
})

it('[sig-auth] ServiceAccounts should update a ServiceAccount', async () => {
  const client = e2e.client('v1/serviceaccounts', await e2e.namespace('svcaccounts'))
  const name = uniqueName('e2e-sa')
  const created = await client.create({ metadata: { name }, automountServiceAccountToken: false })
  expect(created.automountServiceAccountToken).toBe(false)
  const updated = await client.change(name, (account) => {
    account.automountServiceAccountToken = true
  })
  expect(updated.automountServiceAccountToken).toBe(true)
})

it('[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview', async () => {
  const namespace = await e2e.namespace('svcaccounts')
  const client = e2e.client('v1/serviceaccounts', namespace)
  const name = uniqueName('e2e')
  const { metadata } = await client.create({ metadata: { name } })
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name, namespace }, spec: {} }
  const { token } = (await client.create(request, {}, 'token')).status
  expect(token).toBeTruthy()
  const review = await e2e.client('authentication.k8s.io/v1/tokenreviews').create({ metadata: {}, spec: { token } })
  expect(review.status).toMatchObject({
    authenticated: true,
    user: { username: `system:serviceaccount:${namespace}:${name}`, uid: metadata.uid },
  })
  expect(review.status.error).toBeUndefined()
})

it('[sig-auth] SubjectReview should support SubjectReview API operations', async () => {
  const namespace = await e2e.namespace('subjectreview')
  const { metadata } = await e2e.client('v1/serviceaccounts', namespace).create({ metadata: { name: 'e2e' } })
  const user = `system:serviceaccount:${namespace}:e2e`
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  const resourceAttributes = { verb: 'list', resource: 'configmaps', namespace, version: 'v1' }
  const review = await e2e
    .client('authorization.k8s.io/v1/subjectaccessreviews')
    .create({ metadata: {}, spec: { resourceAttributes, user, groups, uid: metadata.uid } })

  // The groups follow from the name of the account.
  const answer = await e2e.api.get(`/api/v1/namespaces/${namespace}/configmaps`, {
    'impersonate-user': user,
    'impersonate-uid': metadata.uid,
  })
  expect([200, 403]).toContain(answer.status)
  expect(review.status.allowed).toBe(answer.status === 200)

  const local = await e2e
    .client('authorization.k8s.io/v1/localsubjectaccessreviews', namespace)
    .create({ metadata: { namespace }, spec: { resourceAttributes, user: 'e2e', groups, uid: metadata.uid } })
  expect(local.status.allowed).toBe(review.status.allowed)
})

it('[sig-auth] ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace', async () => {
  const maps = e2e.client('v1/configmaps', await e2e.namespace('svcaccounts'))
  const { data } = await maps.get('kube-root-ca.crt')
  expect(data).toEqual({ 'ca.crt': expect.any(String) })
  await maps.delete('kube-root-ca.crt')
  await e2e.cluster.settle()
  expect((await maps.get('kube-root-ca.crt')).data).toEqual(data)
  await maps.change('kube-root-ca.crt', (map) => {
    map.data = { 'ca.crt': 'forged' }
  })
  await e2e.cluster.settle()
  expect((await maps.get('kube-root-ca.crt')).data).toEqual(data)
})
