import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json } from '../support/api.ts'

const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
const TOKEN = `${ACCOUNTS}/default/token`
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews'
const WHOAMI = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const request = async (spec: Json = {}, account = 'default') => (await api.created(`${ACCOUNTS}/${account}/token`, { spec })).status.token
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const review = async (token: string, audiences?: string[]) => (await api.created(REVIEWS, { spec: { token, audiences } })).status
const whoami = async (headers: Record<string, string>) => (await api.post(WHOAMI, {}, headers)).body
const seconds = () => Math.floor(cluster.clock.now() / 1000)

describe('a token request', () => {
  it('answers a token of an hour for the API server', async () => {
    const account = (await api.get(`${ACCOUNTS}/default`)).body
    const answer = await api.created(TOKEN, {})
    expect(answer).toMatchObject({
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: 'default', namespace: 'default', uid: account.metadata.uid },
      spec: { audiences: [ISSUER], expirationSeconds: 3600, boundObjectRef: null },
    })
    expect(Date.parse(answer.status.expirationTimestamp) / 1000).toBe(seconds() + 3600)
    const { jti, ...claims } = decodeJwt(answer.status.token)
    expect(jti).toMatch(/^[0-9a-f-]{36}$/)
    expect(claims).toEqual({
      iss: ISSUER,
      sub: 'system:serviceaccount:default:default',
      aud: [ISSUER],
      iat: seconds(),
      nbf: seconds(),
      exp: seconds() + 3600,
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default', uid: account.metadata.uid } },
    })
  })

  it.each([
    [{ expirationSeconds: 599 }, 422, 'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'],
    [
      { expirationSeconds: 2 ** 32 + 1 },
      422,
      'spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32',
    ],
    [{ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } }, 404, 'pods "none" not found'],
    [{ boundObjectRef: { kind: 'Job', apiVersion: 'batch/v1', name: 'a' } }, 400, 'cannot bind token to object of type batch/v1, Kind=Job'],
    [
      { boundObjectRef: { kind: 'Node', apiVersion: 'v1', name: 'node-1', uid: 'x' } },
      409,
      'Operation cannot be fulfilled on Node "node-1": the UID in the bound object reference (x) does not match the UID in record',
    ],
  ])('%j is refused', async (spec, status, message) => {
    const answer = await api.post(TOKEN, { spec })
    expect(answer.status).toBe(status)
    expect(answer.body.message).toContain(message)
  })

  it.each([
    [{ name: 'other' }, 422, 'metadata.name: Invalid value: "other": must match the service account name if specified'],
    [{ namespace: 'other' }, 422, 'metadata.namespace: Invalid value: "other": must match the service account namespace if specified'],
    [{ uid: 'x' }, 409, 'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "default": the UID in the token request (x)'],
  ])('about %j is refused', async (metadata, status, message) => {
    const answer = await api.post(TOKEN, { metadata, spec: {} })
    expect(answer.status).toBe(status)
    expect(answer.body.message).toContain(message)
  })

  it('is for accounts that exist', async () => {
    expect((await api.post(`${ACCOUNTS}/none/token`, {})).body.message).toBe('serviceaccounts "none" not found')
    expect((await api.get(TOKEN)).status).toBe(405)
  })
})

describe('a bearer of a token', () => {
  it('is that service account', async () => {
    const token = await request()
    const account = (await api.get(`${ACCOUNTS}/default`)).body
    expect(await whoami(bearer(token))).toMatchObject({
      kind: 'SelfSubjectReview',
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:default',
          uid: account.metadata.uid,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
          extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${decodeJwt(token).jti}`] },
        },
      },
    })
  })

  it('is nobody when the token is not good', async () => {
    const [head, body, signature] = (await request()).split('.')
    const forged = `${head}.${Buffer.from(JSON.stringify({ ...decodeJwt(`${head}.${body}.${signature}`), sub: 'x' })).toString('base64url')}.${signature}`
    const elsewhere = await request({ audiences: ['vault'] })
    for (const token of ['abc', forged, elsewhere]) {
      for (const path of ['/api/v1/nodes', '/api', '/version', '/healthz']) {
        const answer = await api.get(path, bearer(token))
        expect([answer.status, answer.body]).toEqual([401, failure(401, 'Unauthorized', 'Unauthorized')])
      }
    }
  })

  it('no longer is when time is over, or the account is gone', async () => {
    await api.created(ACCOUNTS, { metadata: { name: 'short' } })
    const token = await request({ expirationSeconds: 600 }, 'short')
    const other = await request({ expirationSeconds: 7200 }, 'short')
    await cluster.advance(659_000)
    expect((await api.get('/api', bearer(token))).status).toBe(200)
    await cluster.advance(3000)
    expect((await api.get('/api', bearer(token))).status).toBe(401)
    expect(await review(token)).toEqual({ user: {}, error: '[invalid bearer token, service account token has expired]' })
    await api.delete(`${ACCOUNTS}/short`)
    expect(await review(other)).toEqual({ user: {}, error: '[invalid bearer token, serviceaccounts "short" not found]' })
    await api.created(ACCOUNTS, { metadata: { name: 'short' } })
    expect((await review(other)).error).toMatch(/service account UID \(.*\) does not match claim/)
  })
})

describe('a token bound to', () => {
  it('a pod: names its node, and ends with it', async () => {
    const pod = { metadata: { name: 'bound' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const { metadata } = await api.created('/api/v1/namespaces/default/pods', pod)
    await cluster.settle()
    const token = await request({ expirationSeconds: 3607, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'bound' } })
    const node = (await api.get('/api/v1/nodes/node-1')).body
    const claims = decodeJwt(token)
    expect(claims['kubernetes.io']).toMatchObject({
      pod: { name: 'bound', uid: metadata.uid },
      node: { name: 'node-1', uid: node.metadata.uid },
      warnafter: claims.iat! + 3607,
    })
    expect(claims.exp! - claims.iat!).toBe(365 * 24 * 3600)
    expect((await review(token)).user.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
      'authentication.kubernetes.io/node-name': ['node-1'],
      'authentication.kubernetes.io/node-uid': [node.metadata.uid],
      'authentication.kubernetes.io/pod-name': ['bound'],
      'authentication.kubernetes.io/pod-uid': [metadata.uid],
    })
    await api.delete('/api/v1/namespaces/default/pods/bound?gracePeriodSeconds=0')
    expect((await review(token)).error).toBe('[invalid bearer token, service account token has been invalidated]')
    expect((await api.get('/api', bearer(token))).status).toBe(401)
  })

  it('a pod of another account: refused', async () => {
    await api.created(ACCOUNTS, { metadata: { name: 'other' } })
    const pod = { metadata: { name: 'theirs' }, spec: { serviceAccountName: 'other', containers: [{ name: 'c', image: 'i' }] } }
    await api.created('/api/v1/namespaces/default/pods', pod)
    const answer = await api.post(TOKEN, { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'theirs' } } })
    expect(answer.body.message).toBe('cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.')
  })

  it('a secret: ends with it', async () => {
    const secret = await api.created('/api/v1/namespaces/default/secrets', { metadata: { name: 'holder' } })
    const token = await request({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'holder' } })
    expect(decodeJwt(token)['kubernetes.io']).toMatchObject({ secret: { name: 'holder', uid: secret.metadata.uid } })
    expect((await review(token)).authenticated).toBe(true)
    await api.delete('/api/v1/namespaces/default/secrets/holder')
    expect((await review(token)).authenticated).toBeUndefined()
  })
})

describe('a token review', () => {
  it('says for which of the audiences asked about the token is', async () => {
    const token = await request({ audiences: ['vault', 'consul'] })
    expect(await review(token, ['consul', 'nomad'])).toMatchObject({ authenticated: true, audiences: ['consul'] })
    expect(await review(token)).toEqual({
      user: {},
      error: `[invalid bearer token, token audiences ["vault" "consul"] is invalid for the target audiences ["${ISSUER}"]]`,
    })
  })

  it('of anything else fails', async () => {
    expect(await review('abc')).toEqual({ user: {}, error: 'invalid bearer token' })
    expect((await api.post(REVIEWS, { spec: { token: '' } })).body.message).toBe('token is required for TokenReview in authentication')
  })
})

describe('the keys', () => {
  it('are published for relying parties, who can check a token by them', async () => {
    const token = await request({ audiences: ['vault'] })
    const config = await api.get('/.well-known/openid-configuration')
    expect(config.body).toMatchObject({ issuer: ISSUER, id_token_signing_alg_values_supported: ['ES256'] })
    expect(config.body.jwks_uri).toMatch(/\/openid\/v1\/jwks$/)
    const keys = await api.get('/openid/v1/jwks')
    expect(keys.headers['content-type']).toBe('application/jwk-set+json')
    const keySet = JSON.parse(keys.text)
    expect(Object.keys(keySet.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect(keySet.keys[0].kid).toBe(decodeProtectedHeader(token).kid)
    const currentDate = new Date(cluster.clock.now())
    const { payload } = await jwtVerify(token, createLocalJWKSet(keySet), { issuer: ISSUER, audience: 'vault', currentDate })
    expect(payload.sub).toBe('system:serviceaccount:default:default')
  })

  it('outlive a restart, and are no object of the API', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coracle-tokens-'))
    const start = () => createCluster({ nodes: 0, clock: 'virtual', storage: `sqlite:${directory}/c.db` })
    const before = await start()
    const { token } = (await new Api(before).created(TOKEN, {})).status
    await before.close()
    const after = await start()
    const again = new Api(after)
    expect((await again.get('/api', bearer(token))).status).toBe(200)
    expect((await again.get('/api/v1/secrets')).body.items).toEqual([])
    await after.close()
    rmSync(directory, { recursive: true })
  })
})

describe('impersonation', () => {
  const identity = async (headers: Record<string, string>) => (await whoami(headers)).status.userInfo

  it.each([
    [{}, { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }],
    [{ authorization: 'Basic eDp5' }, { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }],
    [{ 'impersonate-user': 'ann' }, { username: 'ann', groups: ['system:authenticated'] }],
    [
      { 'impersonate-user': 'ann', 'impersonate-group': 'devs' },
      { username: 'ann', groups: ['devs', 'system:authenticated'] },
    ],
    [
      { 'impersonate-user': 'system:serviceaccount:ns:bot' },
      {
        username: 'system:serviceaccount:ns:bot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      },
    ],
    [
      { 'impersonate-user': 'system:serviceaccount:ns:bot', 'impersonate-group': 'devs' },
      { username: 'system:serviceaccount:ns:bot', groups: ['devs', 'system:authenticated'] },
    ],
    [{ 'impersonate-user': 'system:anonymous' }, { username: 'system:anonymous', groups: ['system:unauthenticated'] }],
    [
      { 'impersonate-user': 'ann', 'impersonate-uid': '7', 'impersonate-extra-a%2fB': 'x' },
      { username: 'ann', uid: '7', groups: ['system:authenticated'], extra: { 'a/b': ['x'] } },
    ],
  ])('%j', async (headers, user) => {
    expect(await identity(headers as Record<string, string>)).toEqual(user)
  })

  it('needs a user', async () => {
    const answer = await api.get('/api', { 'impersonate-group': 'devs' })
    expect(answer.body).toEqual(failure(400, 'BadRequest', 'requested [{Group  devs    }] without impersonating a user'))
  })
})
