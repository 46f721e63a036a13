/** `kubectl rollout` of the three kinds that have a history: status, history, undo, restart, pause and resume. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.stop())

const kubectl = (command: string) => server.kubectl(...command.split(' '))
const failure = async (command: string) => (await server.tryKubectl(command.split(' '))).stderr

const KINDS = [
  { kind: 'Deployment', plural: 'deployments', spec: { replicas: 2 }, after: /^deployment "shop" successfully rolled out\n$/m },
  {
    kind: 'DaemonSet',
    plural: 'daemonsets',
    spec: {},
    after: /^daemon set "shop" successfully rolled out\n$/m,
  },
  {
    kind: 'StatefulSet',
    plural: 'statefulsets',
    spec: { replicas: 2, serviceName: 'shop' },
    after:
      /^(statefulset rolling update complete 2 pods at revision shop-\w+|partitioned roll out complete: 2 new pods have been updated)\.\.\.\n$/m,
  },
]

describe.each(KINDS)('$kind', ({ kind, plural, spec, after }) => {
  const name = kind.toLowerCase()
  const object = `${name}/shop`
  const app = `shop-${name}`
  const manifest = (image: string, cause: string) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'shop', annotations: { 'kubernetes.io/change-cause': cause } },
    spec: {
      ...spec,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] } },
    },
  })
  const rolledOut = () => kubectl(`rollout status ${object} --timeout=60s`)
  const images = async () => {
    const text = await kubectl(`get pods -l app=${app} -o jsonpath={.items[*].spec.containers[0].image}`)
    return [...new Set(text.split(' '))]
  }
  const history = async () => table((await kubectl(`rollout history ${object}`)).replace(/^.*\n/, ''))

  beforeAll(async () => {
    for (const [image, cause] of [
      ['nginx:1', 'the first'],
      ['nginx:2', 'the second'],
      ['nginx:3', 'the third'],
    ]) {
      await server.apply(manifest(image!, cause!))
      expect(await rolledOut()).toMatch(after)
    }
  })

  it('tells its history, with causes and templates', async () => {
    expect(await kubectl(`rollout history ${object}`)).toMatch(new RegExp(`^${name}\\.apps/shop \nREVISION +CHANGE-CAUSE\n`))
    expect((await history()).map((row) => [row.REVISION, row['CHANGE-CAUSE']])).toEqual([
      ['1', 'the first'],
      ['2', 'the second'],
      ['3', 'the third'],
    ])
    const second = await kubectl(`rollout history ${object} --revision=2`)
    expect(second).toContain(`${name}.apps/shop with revision #2\nPod Template:\n`)
    expect(second).toMatch(/^ {4}Image:\s+nginx:2$/m)
    expect(await failure(`rollout history ${object} --revision=9`)).toMatch(/^error: unable to find the specified revision\n$/)
  })

  it('is undone to the last revision, and to any', async () => {
    expect(await kubectl(`rollout undo ${object} --dry-run=server`)).toBe(`${name}.apps/shop rolled back (server dry run)\n`)
    expect(await kubectl(`rollout undo ${object}`)).toBe(`${name}.apps/shop rolled back\n`)
    await rolledOut()
    expect(await images()).toEqual(['nginx:2'])
    expect((await history()).map(({ REVISION }) => REVISION)).toEqual(['1', '3', '4'])
    expect(await kubectl(`rollout undo ${object} --to-revision=1`)).toBe(`${name}.apps/shop rolled back\n`)
    await rolledOut()
    expect(await images()).toEqual(['nginx:1'])
    expect((await history()).map(({ REVISION }) => REVISION)).toEqual(['3', '4', '5'])
    expect(await failure(`rollout undo ${object} --to-revision=99`)).toContain('error: unable to find specified revision 99 in history\n')
    expect(await kubectl(`rollout undo ${object} --to-revision=5`)).toBe(
      `${name}.apps/shop skipped rollback (current template already matches revision 5)\n`,
    )
  })

  it('is restarted: all pods are others', async () => {
    const uids = async () => (await kubectl(`get pods -l app=${app} -o jsonpath={.items[*].metadata.uid}`)).split(' ')
    const before = await uids()
    expect(await kubectl(`rollout restart ${object}`)).toBe(`${name}.apps/shop restarted\n`)
    await rolledOut()
    expect((await uids()).filter((uid) => before.includes(uid))).toEqual([])
    const path = `/apis/apps/v1/namespaces/default/${plural}/shop`
    const { spec: now } = await server.json<{ spec: { template: { metadata: { annotations: Record<string, string> } } } }>(path)
    expect(now.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']).toMatch(/^\d{4}-/)
  })

  it.runIf(kind === 'Deployment')('is paused and resumed', async () => {
    expect(await kubectl(`rollout pause ${object}`)).toBe('deployment.apps/shop paused\n')
    expect(await failure(`rollout pause ${object}`)).toBe('error: deployments.apps "shop" is already paused\n')
    await kubectl(`set image ${object} main=nginx:9`)
    expect(await images()).toEqual(['nginx:1'])
    expect(await failure(`rollout undo ${object}`)).toContain('you cannot rollback a paused deployment; resume it first')
    expect(await failure(`rollout restart ${object}`)).toContain("can't restart paused deployment (run rollout resume first)")
    expect(await kubectl(`rollout resume ${object}`)).toBe('deployment.apps/shop resumed\n')
    expect(await failure(`rollout resume ${object}`)).toBe('error: deployments.apps "shop" is not paused\n')
    await rolledOut()
    expect(await images()).toEqual(['nginx:9'])
  })

  it.runIf(kind !== 'Deployment')('can neither be paused nor resumed', async () => {
    expect(await failure(`rollout pause ${object}`)).toBe(`error: ${plural}.apps "shop" pausing is not supported\n`)
    expect(await failure(`rollout resume ${object}`)).toBe(`error: ${plural}.apps "shop" resuming is not supported\n`)
  })
})
