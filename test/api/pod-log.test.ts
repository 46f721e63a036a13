import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Api, failure } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { barePod, Scenario } from '../support/scenario.ts'

let cluster: Scenario
let api: Api
let url: string | undefined
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
  api = new Api(cluster.cluster)
  url = undefined
})
afterEach(() => cluster.close())

const sh = (script: string) => ({ container: { command: ['sh', '-c', script] } })
const NEVER = { restartPolicy: 'Never' }
const annotated = (annotations: Record<string, string>) => ({ annotations })
const path = (query = '', pod = 'app') => `/api/v1/namespaces/default/pods/${pod}/log${query}`
const log = async (query = '') => (await api.get(path(query))).text
const AT = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString().replace(/\.\d+Z/, '.000000000Z')

describe('GET pods/log', () => {
  it.each<[string, string, number, string]>([
    ['echo', 'echo a; echo b >&2; echo c > /tmp/x; echo d > /dev/stderr', 0, 'a\nb\nd\n'],
    ['what was printed so far', 'for i in 1 2 3; do echo $i; sleep 10; done', 15, '1\n2\n'],
    ['a line without its end', 'printf now; sleep 5; echo " then"; sleep 100', 4, ''],
    ['a line with its end', 'printf now; sleep 5; echo " then"; sleep 100', 5, 'now then\n'],
    ['date', 'date -u +%Y-%m-%dT%H:%M:%SZ; date; sleep 1000', 1, '2026-01-01T00:00:00Z\nThu Jan  1 00:00:00 UTC 2026\n'],
    ['files written before', 'echo hello > /tmp/f; echo you >> /tmp/f; cat /tmp/f | tee /tmp/g; sleep 10', 1, 'hello\nyou\n'],
    ['the name of the pod', 'echo $HOSTNAME; hostname; sleep 10', 1, 'app\napp\n'],
  ])('%s', async (_, script, seconds, expected) => {
    await cluster.apply(barePod('app', { spec: NEVER, ...sh(script) }))
    await cluster.seconds(seconds)
    const answer = await api.get(path())
    expect(answer).toMatchObject({ status: 200, text: expected })
    expect(answer.headers['content-type']).toBe('text/plain')
  })

  it('counts on for as long as the pod runs', async () => {
    await cluster.apply(barePod('app', sh('i=0; while true; do echo "$i: $(date)"; i=$((i+1)); sleep 1; done')))
    await cluster.seconds(3)
    expect(await log('?timestamps=true&tailLines=2')).toBe(
      `${AT(2)} 2: Thu Jan  1 00:00:02 UTC 2026\n${AT(3)} 3: Thu Jan  1 00:00:03 UTC 2026\n`,
    )
    await cluster.seconds(600)
    expect(await log('?sinceSeconds=2')).toMatch(/^601: .*\n602: .*\n603: .*\n$/)
  })

  it('gives what was asked for', async () => {
    await cluster.apply(barePod('app', sh('while true; do echo tick; sleep 10; done')))
    await cluster.seconds(25)
    expect(await log()).toBe('tick\n'.repeat(3))
    expect(await log('?tailLines=0')).toBe('')
    expect(await log('?sinceSeconds=6')).toBe('tick\n')
    expect(await log('?sinceTime=2026-01-01T00:00:10Z')).toBe('tick\ntick\n')
    expect(await log('?limitBytes=7')).toBe('tick\nti')
    expect(await log('?tailLines=1&timestamps=1')).toBe(`${AT(20)} tick\n`)
  })

  it('tells of one run at a time', async () => {
    await cluster.apply(barePod('app', sh('date +%S; sleep 1; echo over; exit 1')))
    await cluster.seconds(11)
    expect(await log()).toBe('01\nover\n')
    expect(await log('?previous=true')).toBe('01\nover\n')
    await cluster.seconds(1)
    expect(await log()).toBe('12\n')
    expect(await log('?previous=true')).toBe('01\nover\n')
  })

  it('prints what an annotation declares', async () => {
    const lines = 'starting\n+2s listening on :8080\n@every 10s {time} request {n}\n'
    await cluster.apply(barePod('app', annotated({ 'coracle.dev/log': lines, 'log.coracle.dev/other': 'x' })))
    expect(await log()).toBe('starting\n')
    await cluster.seconds(22)
    expect(await log()).toBe('starting\nlistening on :8080\n2026-01-01T00:00:12.000Z request 1\n2026-01-01T00:00:22.000Z request 2\n')
  })

  it('has nothing to say of a pod without a node', async () => {
    await cluster.apply(barePod('app', { spec: { nodeSelector: { no: 'where' } } }))
    expect(await api.get(path())).toMatchObject({ status: 204, text: '' })
  })

  it.each<[string, object, string, number, string, string]>([
    ['no such container', {}, '?container=x', 400, 'BadRequest', 'container x is not valid for pod app'],
    [
      'not started',
      { 'coracle.dev/start-delay': '1m' },
      '',
      400,
      'BadRequest',
      'container "main" in pod "app" is waiting to start: ContainerCreating',
    ],
    [
      'no image',
      { 'coracle.dev/fail-image-pull': 'true' },
      '',
      400,
      'BadRequest',
      'container "main" in pod "app" is waiting to start: trying and failing to pull image',
    ],
    ['no run before', {}, '?previous=true', 400, 'BadRequest', 'previous terminated container "main" in pod "app" not found'],
    ['no number', {}, '?tailLines=x', 400, 'BadRequest', 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'tail',
      {},
      '?tailLines=-1',
      422,
      'Invalid',
      'PodLogOptions "app" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['limit', {}, '?limitBytes=0', 422, 'Invalid', 'PodLogOptions "app" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
    [
      'since',
      {},
      '?sinceSeconds=0',
      422,
      'Invalid',
      'PodLogOptions "app" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'since twice',
      {},
      '?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      422,
      'Invalid',
      'PodLogOptions "app" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['a stream', {}, '?stream=Stdout', 422, 'Invalid', 'PodLogOptions "app" is invalid: stream: Forbidden: may not be specified'],
  ])('refuses: %s', async (_, annotations, query, code, reason, message) => {
    await cluster.apply(barePod('app', annotated(annotations as never)))
    await cluster.seconds(31)
    const { body } = await api.get(path(query))
    expect({ ...body, details: undefined }).toEqual({ ...failure(code, reason, message), details: undefined })
  })

  it('wants to know which container', async () => {
    const pod = barePod('app', { spec: { initContainers: [{ name: 'first', image: 'x' }] } })
    await cluster.apply({ ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, { name: 'side', image: 'x' }] } })
    expect((await api.get(path())).body.message).toBe('a container name must be specified for pod app, choose one of: [first main side]')
  })
})

describe('GET pods/log?follow', () => {
  async function follow(query = '') {
    url ??= await cluster.cluster.listen()
    const answer = await fetch(`${url}${path(`?follow=true${query}`)}`)
    let text = ''
    const whole = (async () => {
      for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) text += part
      return text
    })()
    return { whole, sofar: () => text }
  }
  const seen = (log: { sofar(): string }, text: string) => eventually(() => expect(log.sofar()).toBe(text))

  it('sends lines as they are printed, and ends with the container', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, ...sh('for i in 1 2 3; do echo $i; sleep 10; done; printf over') }))
    const followed = await follow()
    await seen(followed, '1\n')
    await cluster.seconds(10)
    await seen(followed, '1\n2\n')
    await cluster.seconds(20)
    expect(await followed.whole).toBe('1\n2\n3\nover')
  })

  it('ends with the pod', async () => {
    await cluster.apply(barePod('app', sh('while true; do echo tick; sleep 10; done')))
    const followed = await follow('&tailLines=0')
    await cluster.seconds(3600)
    await seen(followed, 'tick\n'.repeat(360))
    await cluster.delete('pods', 'app')
    expect(await followed.whole).toBe('tick\n'.repeat(360))
  })

  it('ends when it is long enough, or over', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, ...sh('for i in 1 2 3; do echo $i; sleep 10; done') }))
    const limited = await follow('&limitBytes=3')
    await cluster.seconds(60)
    expect(await limited.whole).toBe('1\n2')
    expect(await (await follow()).whole).toBe('1\n2\n3\n')
  })
})
