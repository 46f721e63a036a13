/** Images: pulled once a node, told of by events and with the node's next report. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { barePod, isReady, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

const told = async (pod: string) =>
  (await cluster.events(pod)).filter(({ reason }) => /^Pull/.test(reason!)).map(({ reason, message }) => `${reason}: ${message}`)
const PULLING = (image: string) => `Pulling: Pulling image "${image}"`
const PULLED = (image: string) =>
  expect.stringMatching(
    new RegExp(`^Pulled: Successfully pulled image "${image}" in (\\d+ms) \\(\\1 including waiting\\)\\. Image size: [1-9]\\d+ bytes\\.$`),
  )
const PRESENT = (image: string) => `Pulled: Container image "${image}" already present on machine and can be accessed by the pod`

it('is pulled the first time, and then there', async () => {
  await cluster.apply(
    barePod('one', { image: 'web:1' }),
    barePod('two', { image: 'docker.io/library/web:1' }),
    barePod('three', { image: 'web:2' }),
  )
  expect(await told('one')).toEqual([PULLING('web:1'), PULLED('web:1')])
  expect(await told('two')).toEqual([PRESENT('docker.io/library/web:1')])
  expect(await told('three')).toEqual([PULLING('web:2'), PULLED('web:2')])
})

it('is pulled each time where the policy says so, also for another run', async () => {
  await cluster.apply(barePod('one', { image: 'web' }))
  await cluster.apply(barePod('two', { image: 'web', container: { command: ['sleep', '5'] } }))
  expect(await told('two')).toEqual([PULLING('web'), PULLED('web')])
  await cluster.seconds(5)
  expect((await cluster.events('two', 'Pulling'))[0]?.count).toBe(2)
})

it('counts as put there beforehand where nothing may be pulled', async () => {
  await cluster.apply(barePod('one', { image: 'local:dev', container: { imagePullPolicy: 'Never' } }))
  expect(await told('one')).toEqual([PRESENT('local:dev')])
})

it('takes as long as the start is told to', async () => {
  await cluster.apply(barePod('one', { image: 'web:1', annotations: { 'coracle.dev/start-delay': '1500ms' } }))
  await cluster.seconds(2)
  expect((await told('one'))[1]).toMatch(/ in 1\.5s \(1\.5s including waiting\)\. /)
})

it("is in the node's status with its next report, the largest first", async () => {
  const byHand = { names: ['huge:1'], sizeBytes: 1e12 }
  await cluster.patch('nodes', 'node-1', { status: { images: [byHand] } }, 'status')
  await cluster.apply(barePod('one', { image: 'web:1' }), barePod('two', { image: 'huge:1' }), barePod('three', { image: 'app:3' }))
  expect(await told('two')).toEqual([PRESENT('huge:1')])
  expect((await cluster.node('node-1')).status?.images).toEqual([byHand])
  await cluster.seconds(300)
  const { images = [] } = (await cluster.node('node-1')).status!
  expect(images.map(({ names }) => names?.at(-1)?.replace('docker.io/library/', '')).sort()).toEqual(['app:3', 'huge:1', 'web:1'])
  expect(images[0]).toEqual(byHand)
  expect(images[1]!.sizeBytes!).toBeGreaterThan(images[2]!.sizeBytes!)
  expect(images[1]!.names![0]).toMatch(/^docker\.io\/library\/(app|web)@sha256:[0-9a-f]{64}$/)
  const { metadata } = await cluster.node('node-1')
  await cluster.seconds(299)
  expect((await cluster.node('node-1')).metadata.resourceVersion).toBe(metadata.resourceVersion)
})

it('stays when its pods go', async () => {
  await cluster.apply(barePod('one', { image: 'web:1' }))
  await cluster.delete('pods', 'one')
  await cluster.apply(barePod('two', { image: 'web:1' }))
  expect(isReady(await cluster.pod('two'))).toBe(true)
  expect(await told('two')).toEqual([PRESENT('web:1')])
})
