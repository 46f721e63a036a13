/** Which IP families a new Service is of, on clusters of one family and of two. */
import { afterAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const RANGES: Record<string, string> = { v4: '10.0.0.0/16', v6: '2000::/108' }
const ADDRESSES: Record<string, string> = { v4: '10.0.0.1', v6: '2000::1' }
const FAMILIES: Record<string, string> = { v4: 'IPv4', v6: 'IPv6' }
const POLICIES = [undefined, 'SingleStack', 'PreferDualStack', 'RequireDualStack']
const ASKED = ['', 'v4', 'v6', 'v4v6', 'v6v4']

/**
 * A line: the cluster's families, the addresses asked for, and for each policy (none, SingleStack, PreferDualStack,
 * RequireDualStack) what becomes of it when no families are asked for, v4, v6, v4v6 and v6v4: the initial of the policy it gets
 * and its families; x: it is refused.
 */
const OUTCOMES = `
v4    any          | S:v4   S:v4   x      x      x      | S:v4   S:v4   x      x      x      | P:v4   P:v4   x      x      x      | x      x      x      x      x
v4    v4           | S:v4   S:v4   x      x      x      | S:v4   S:v4   x      x      x      | P:v4   P:v4   x      x      x      | x      x      x      x      x
v4    v4v6         | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x
v4    v6v4         | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x
v4    None         | S:v4   S:v4   x      x      x      | S:v4   S:v4   x      x      x      | P:v4   P:v4   x      x      x      | x      x      x      x      x
v4    selectorless | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4 | S:v4   S:v4   S:v6   x      x      | P:v4v6 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v6    any          | S:v6   x      S:v6   x      x      | S:v6   x      S:v6   x      x      | P:v6   x      P:v6   x      x      | x      x      x      x      x
v6    v6           | S:v6   x      S:v6   x      x      | S:v6   x      S:v6   x      x      | P:v6   x      P:v6   x      x      | x      x      x      x      x
v6    v4v6         | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x
v6    v6v4         | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x      | x      x      x      x      x
v6    None         | S:v6   x      S:v6   x      x      | S:v6   x      S:v6   x      x      | P:v6   x      P:v6   x      x      | x      x      x      x      x
v6    selectorless | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4 | S:v6   S:v4   S:v6   x      x      | P:v6v4 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v4v6  any          | S:v4   S:v4   S:v6   x      x      | S:v4   S:v4   S:v6   x      x      | P:v4v6 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v4v6  v4           | S:v4   S:v4   x      x      x      | S:v4   S:v4   x      x      x      | P:v4v6 P:v4v6 x      P:v4v6 x      | R:v4v6 R:v4v6 x      R:v4v6 x
v4v6  v6           | S:v6   x      S:v6   x      x      | S:v6   x      S:v6   x      x      | P:v6v4 x      P:v6v4 x      P:v6v4 | R:v6v4 x      R:v6v4 x      R:v6v4
v4v6  v4v6         | x      x      x      x      x      | x      x      x      x      x      | P:v4v6 P:v4v6 x      P:v4v6 x      | R:v4v6 R:v4v6 x      R:v4v6 x
v4v6  v6v4         | x      x      x      x      x      | x      x      x      x      x      | P:v6v4 x      P:v6v4 x      P:v6v4 | R:v6v4 x      R:v6v4 x      R:v6v4
v4v6  None         | S:v4   S:v4   S:v6   x      x      | S:v4   S:v4   S:v6   x      x      | P:v4v6 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v4v6  selectorless | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4 | S:v4   S:v4   S:v6   x      x      | P:v4v6 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v4v6 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v6v4  any          | S:v6   S:v4   S:v6   x      x      | S:v6   S:v4   S:v6   x      x      | P:v6v4 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v6v4  v4           | S:v4   S:v4   x      x      x      | S:v4   S:v4   x      x      x      | P:v4v6 P:v4v6 x      P:v4v6 x      | R:v4v6 R:v4v6 x      R:v4v6 x
v6v4  v6           | S:v6   x      S:v6   x      x      | S:v6   x      S:v6   x      x      | P:v6v4 x      P:v6v4 x      P:v6v4 | R:v6v4 x      R:v6v4 x      R:v6v4
v6v4  v4v6         | x      x      x      x      x      | x      x      x      x      x      | P:v4v6 P:v4v6 x      P:v4v6 x      | R:v4v6 R:v4v6 x      R:v4v6 x
v6v4  v6v4         | x      x      x      x      x      | x      x      x      x      x      | P:v6v4 x      P:v6v4 x      P:v6v4 | R:v6v4 x      R:v6v4 x      R:v6v4
v6v4  None         | S:v6   S:v4   S:v6   x      x      | S:v6   S:v4   S:v6   x      x      | P:v6v4 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4
v6v4  selectorless | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4 | S:v6   S:v4   S:v6   x      x      | P:v6v4 P:v4v6 P:v6v4 P:v4v6 P:v6v4 | R:v6v4 R:v4v6 R:v6v4 R:v4v6 R:v6v4
`

interface Row {
  readonly name: string
  readonly cluster: string
  readonly spec: Json
  readonly expected: string
}

const rows: Row[] = OUTCOMES.trim()
  .split('\n')
  .flatMap((line) => {
    const [given = '', ...groups] = line.split('|').map((part) => part.trim().split(/ +/))
    const [cluster = '', ips = ''] = given
    return groups.flatMap((outcomes, p) =>
      outcomes.map((expected, f) => {
        const ipFamilyPolicy = POLICIES[p]
        const spec = {
          ports: [{ port: 80 }],
          ...(ips === 'selectorless' ? {} : { selector: { a: 'b' } }),
          ...addresses(ips),
          ...(ipFamilyPolicy && { ipFamilyPolicy }),
          ...(ASKED[f] && { ipFamilies: partsOf(ASKED[f]).map((part) => FAMILIES[part]) }),
        }
        return { name: `${ips}, ${ipFamilyPolicy ?? 'no policy'}, families ${ASKED[f] || 'unset'}: ${expected}`, cluster, spec, expected }
      }),
    )
  })

function partsOf(families: string): string[] {
  return families.match(/v[46]/g) ?? []
}

function addresses(ips: string): Json {
  if (ips === 'any') return {}
  if (ips === 'None' || ips === 'selectorless') return { clusterIP: 'None', clusterIPs: ['None'] }
  const clusterIPs = partsOf(ips).map((part) => ADDRESSES[part])
  return { clusterIP: clusterIPs[0], clusterIPs }
}

describe.each(['v4', 'v6', 'v4v6', 'v6v4'])('on a cluster of %s', (families) => {
  let cluster: Cluster | undefined
  afterAll(() => cluster?.close())

  it.each(rows.filter((row) => row.cluster === families))('$name', async ({ spec, expected }) => {
    // The API server's own Service would have the address that is asked for.
    const serviceRanges = partsOf(families).map((part) => RANGES[part]!)
    cluster ??= await createCluster({ nodes: 0, clock: 'virtual', controllers: [], serviceRanges })
    const api = new Api(cluster)
    const SERVICES = '/api/v1/namespaces/default/services'
    const { status, body } = await api.post(SERVICES, { metadata: { name: 'foo' }, spec })
    if (expected === 'x') return expect(status).toBe(422)
    expect(status).toBe(201)
    const made = body.spec.ipFamilies.map((family: string) => family.replace('IP', ''))
    expect(`${body.spec.ipFamilyPolicy[0]}:${made.join('')}`).toBe(expected)
    if (spec.clusterIP === 'None') expect(body.spec.clusterIPs).toEqual(['None'])
    else {
      expect(body.spec.clusterIP).toBe(body.spec.clusterIPs[0])
      expect(body.spec.clusterIPs.map((ip: string) => (ip.includes(':') ? 'v6' : 'v4'))).toEqual(made)
      expect(body.spec.clusterIPs).toEqual(expect.arrayContaining(spec.clusterIPs ?? []))
    }
    await api.delete(`${SERVICES}/foo`)
  })
})
