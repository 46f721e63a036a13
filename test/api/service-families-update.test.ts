/** Services that gain and lose a second IP family. */
import { afterAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const RANGES: Record<string, string> = { v4: '10.0.0.0/16', v6: '2000::/108' }
const ADDRESSES: Record<string, string> = { v4: '10.0.0.1', v6: '2000::1' }
const POLICIES: Record<string, string> = { S: 'SingleStack', P: 'PreferDualStack', R: 'RequireDualStack' }

/**
 * A line: the cluster's families, then policy, families and addresses that a Service is made with, then policy and families that it
 * is replaced with, and for each choice of addresses in the replacement how many families it has then; x: it is refused.
 */
const OUTCOMES = `
v4    S -     -    | S -    | -=1
v4    S -     -    | R v4v6 | -=x
v4    S -     -    | R -    | -=x
v4    S -     -    | - v4v6 | -=x
v4v6  S -     v4   | - -    | -=1 v4=1 v4v6=x
v4v6  S -     v4   | - v4   | -=1 v4=1 v4v6=x
v4v6  S -     v4   | - v4v6 | -=x v4=x v4v6=x
v4v6  S -     v4   | S -    | -=1 v4=1 v4v6=x
v4v6  S -     v4   | S v4   | -=1 v4=1 v4v6=x
v4v6  S -     v4   | S v4v6 | -=x v4=x v4v6=x
v4v6  S -     v4   | P -    | -=2 v4=2 v4v6=2
v4v6  S -     v4   | P v4   | -=2 v4=2 v4v6=2
v4v6  S -     v4   | P v4v6 | -=2 v4=2 v4v6=2
v4v6  S -     v4   | R -    | -=2 v4=2 v4v6=2 v6v4=x
v4v6  S -     v4   | R v4   | -=2 v4=2 v4v6=2
v4v6  S -     v4   | R v4v6 | -=2 v4=2 v4v6=2
v4v6  S -     v4   | R v6v4 | -=x
v6v4  S -     v6   | - -    | -=1 v6=1 v6v4=x
v6v4  S -     v6   | - v6   | -=1 v6=1 v6v4=x
v6v4  S -     v6   | - v6v4 | -=x v6=x v6v4=x
v6v4  S -     v6   | S -    | -=1 v6=1 v6v4=x
v6v4  S -     v6   | S v6   | -=1 v6=1 v6v4=x
v6v4  S -     v6   | S v6v4 | -=x v6=x v6v4=x
v6v4  S -     v6   | P -    | -=2 v6=2 v6v4=2
v6v4  S -     v6   | P v6   | -=2 v6=2 v6v4=2
v6v4  S -     v6   | P v6v4 | -=2 v6=2 v6v4=2
v6v4  S -     v6   | R -    | -=2 v6=2 v6v4=2 v4v6=x
v6v4  S -     v6   | R v6   | -=2 v6=2 v6v4=2
v6v4  S -     v6   | R v6v4 | -=2 v6=2 v6v4=2
v6v4  S -     v6   | R v4v6 | -=x
v4v6  S -     None | - -    | -=1
v4v6  S -     None | - v4   | -=1
v4v6  S -     None | - v4v6 | -=x
v4v6  S -     None | S -    | -=1
v4v6  S -     None | S v4   | -=1
v4v6  S -     None | S v4v6 | -=x
v4v6  S -     None | P -    | -=2
v4v6  S -     None | P v4   | -=2
v4v6  S -     None | P v4v6 | -=2
v4v6  S -     None | R -    | -=2
v4v6  S -     None | R v4   | -=2
v4v6  S -     None | R v4v6 | -=2
v4v6  R -     v4v6 | - -    | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | - v4   | -=x v4=x v4v6=x
v4v6  R -     v4v6 | - v4v6 | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | S -    | -=1 v4=1 v4v6=1 v6=x
v4v6  R -     v4v6 | S v4   | -=1 v4=1 v4v6=1
v4v6  R -     v4v6 | S v4v6 | -=1 v4=1 v4v6=1
v4v6  R -     v4v6 | P -    | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | P v4   | -=x v4=x v4v6=x
v4v6  R -     v4v6 | P v4v6 | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | R -    | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | R v4   | -=x v4=x v4v6=x
v4v6  R -     v4v6 | R v4v6 | -=2 v4=x v4v6=2
v4v6  R -     v4v6 | S v6   | -=x
v6v4  R -     v6v4 | - -    | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | - v6   | -=x v6=x v6v4=x
v6v4  R -     v6v4 | - v6v4 | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | S -    | -=1 v6=1 v6v4=1 v4=x
v6v4  R -     v6v4 | S v6   | -=1 v6=1 v6v4=1
v6v4  R -     v6v4 | S v6v4 | -=1 v6=1 v6v4=1
v6v4  R -     v6v4 | P -    | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | P v6   | -=x v6=x v6v4=x
v6v4  R -     v6v4 | P v6v4 | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | R -    | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | R v6   | -=x v6=x v6v4=x
v6v4  R -     v6v4 | R v6v4 | -=2 v6=x v6v4=2
v6v4  R -     v6v4 | S v4   | -=x
v4v6  R -     None | - -    | -=2
v4v6  R -     None | - v4   | -=x
v4v6  R -     None | - v4v6 | -=2
v4v6  R -     None | S -    | -=1
v4v6  R -     None | S v4   | -=1
v4v6  R -     None | S v4v6 | -=1
v4v6  R -     None | P -    | -=2
v4v6  R -     None | P v4   | -=x
v4v6  R -     None | P v4v6 | -=2
v4v6  R -     None | R -    | -=2
v4v6  R -     None | R v4   | -=x
v4v6  R -     None | R v4v6 | -=2
`

const rows = OUTCOMES.trim()
  .split('\n')
  .flatMap((line) => {
    const [made = '', replaced = '', outcomes = ''] = line.split('|').map((part) => part.trim())
    const [families = '', ...before] = made.split(/ +/)
    const [policy = '', asked = ''] = replaced.split(/ +/)
    return outcomes.split(' ').map((outcome) => {
      const [ips = '', expected = ''] = outcome.split('=')
      return {
        name: `${before.join(' ')} becomes ${policy} ${asked} ${ips}: ${expected}`,
        families,
        before,
        after: [policy, asked, ips],
        expected,
      }
    })
  })

function partsOf(families: string): string[] {
  return families.match(/v[46]/g) ?? []
}

function service([policy = '', families = '', ips = '']: readonly string[], isHeadless: boolean, selector: Json): Json {
  const clusterIPs = isHeadless ? (ips === 'None' ? ['None'] : []) : partsOf(ips).map((part) => ADDRESSES[part])
  return {
    metadata: { name: 'foo' },
    spec: {
      ports: [{ port: 80 }],
      selector,
      ...(policy !== '-' && { ipFamilyPolicy: POLICIES[policy] }),
      ...(families !== '-' && { ipFamilies: partsOf(families).map((part) => part.replace('v', 'IPv')) }),
      ...(clusterIPs.length > 0 && { clusterIP: clusterIPs[0], clusterIPs }),
    },
  }
}

describe.each(['v4', 'v4v6', 'v6v4'])('on a cluster of %s', (families) => {
  let cluster: Cluster | undefined
  afterAll(() => cluster?.close())

  it.each(rows.filter((row) => row.families === families))('$name', async ({ before, after, expected }) => {
    const serviceRanges = partsOf(families).map((part) => RANGES[part]!)
    cluster ??= await createCluster({ nodes: 0, clock: 'virtual', controllers: [], serviceRanges })
    const api = new Api(cluster)
    const SERVICES = '/api/v1/namespaces/default/services'
    const isHeadless = before[2] === 'None'
    const made = await api.created(SERVICES, service(before, isHeadless, { k: 'v' }))
    const { status, body } = await api.put(`${SERVICES}/foo`, service(after, isHeadless, { k2: 'v2' }))
    if (expected === 'x') expect([status, body.reason]).toEqual([422, 'Invalid'])
    else {
      expect(status).toBe(200)
      expect(body.spec.ipFamilies).toHaveLength(Number(expected))
      expect(body.spec.clusterIP).toBe(made.spec.clusterIP)
      if (isHeadless) expect(body.spec.clusterIPs).toEqual(['None'])
      else expect(body.spec.clusterIPs).toHaveLength(Number(expected))
    }
    await api.delete(`${SERVICES}/foo`)
    // What is refused, given back or deleted is free.
    for (const ip of isHeadless ? [] : partsOf(families).map((part) => ADDRESSES[part])) {
      await api.created(SERVICES, { metadata: { name: 'bar' }, spec: { clusterIP: ip, ports: [{ port: 80 }] } })
      await api.delete(`${SERVICES}/bar`)
    }
  })
})
