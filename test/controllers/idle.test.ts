import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { daemonSet, replicaSet, Scenario, statefulSet } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

describe('a cluster at rest', () => {
  it('writes heartbeats and nothing else', async () => {
    const deployment = { ...replicaSet('web', 3), kind: 'Deployment' }
    await cluster.apply(daemonSet('agent'), statefulSet('db', { replicas: 3 }), deployment, replicaSet('plain', 2))
    // Events live for an hour.
    await cluster.seconds(3700)
    expect(await cluster.writesDuring(() => cluster.seconds(3600))).toEqual({
      // Every ten seconds and every five minutes.
      'leases.coordination.k8s.io': 3 * 360,
      nodes: 3 * 12,
    })
  })

  it('keeps a node alive by its lease', async () => {
    const writes = await cluster.writesDuring(() => cluster.seconds(100))
    expect(writes).toEqual({ 'leases.coordination.k8s.io': 3 * 10 })
  })
})
