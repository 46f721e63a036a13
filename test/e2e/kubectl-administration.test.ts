/** What administrators ask of kubectl, newest version: accounts and certificates, budgets and quotas, ways to delete, the proxy. */
import type { ChildProcess } from 'node:child_process'
import { get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

/** CN=jane, O=team. */
const REQUEST = [
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWk1JR0FBZ0VBTUI0eERUQUxCZ05WQkFNTUJHcGhibVV4RFRBTEJnTlZCQW9NQkhSbFlXMHdXVEFUQmdjcQpoa2pP',
  'UFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVFQSHhCR3JIc1BjVG50a0IzS2FvVEEva051Y0JCcDdhYTVRK1hyCjRSd0VZSHd5Yk85emFicjAyM3BsbGlUNWN0WHVOY0tnaHVOVjA2Rzkzb1ZM',
  'dTBSVG9BQXdDZ1lJS29aSXpqMEUKQXdJRFNBQXdSUUloQU94ZWJUTjFyeGVWcWVZWFVueUVXbG51dHZLbDRBU0FEQzBpOW9oUGxFWEtBaUFjQkZPNQpiMlV5aDZTUlVpeG9yZXYxUVdt',
  'NEZVVnVCNjR5WHI4a25VQWRUQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=',
].join('')

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.stop())

const lines = (output: string) => output.trimEnd().split('\n')
const kubectl = (command: string) => server.kubectl(...command.split(' '))
const failure = async (command: string) => (await server.tryKubectl(command.split(' '))).stderr
const create = async (manifest: object) => {
  const { stdout, stderr } = await server.tryKubectl(['create', '-f', '-', '-o', 'json'], JSON.stringify(manifest))
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** The output of a kubectl that runs on, until it is ended. */
async function during(command: string, body: (output: () => string) => Promise<void>): Promise<void> {
  const child: ChildProcess = server.startKubectl(...command.split(' '))
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  try {
    await body(() => output)
  } finally {
    child.kill()
  }
}

describe('makes', () => {
  it.each([
    ['serviceaccount builder', 'serviceaccount/builder'],
    ['role reader --verb=get,list --resource=pods,deployments.apps', 'role.rbac.authorization.k8s.io/reader'],
    ['rolebinding readers --role=reader --serviceaccount=default:builder', 'rolebinding.rbac.authorization.k8s.io/readers'],
    ['clusterrole watcher --verb=watch --resource=nodes', 'clusterrole.rbac.authorization.k8s.io/watcher'],
    ['clusterrolebinding watchers --clusterrole=watcher --group=team', 'clusterrolebinding.rbac.authorization.k8s.io/watchers'],
    ['secret generic password --from-literal=password=x', 'secret/password'],
    ['secret docker-registry pull --docker-username=a --docker-password=b', 'secret/pull'],
    ['service clusterip web --tcp=80:8080', 'service/web'],
    ['service nodeport open --tcp=80 --node-port=30080', 'service/open'],
    ['service externalname elsewhere --external-name=example.com', 'service/elsewhere'],
    ['ingress web --rule=example.com/*=web:80', 'ingress.networking.k8s.io/web'],
    ['poddisruptionbudget two --selector=app=web --min-available=2', 'poddisruptionbudget.policy/two'],
    ['priorityclass high --value=1000', 'priorityclass.scheduling.k8s.io/high'],
    ['quota most --hard=pods=1000', 'resourcequota/most'],
  ])('%s', async (what, name) => {
    expect(await kubectl(`create ${what}`)).toBe(`${name} created\n`)
    expect(await kubectl(`describe ${name}`)).toMatch(/^Name: /)
  })

  it('a token, which the server knows again', async () => {
    const token = (await kubectl('create token builder --duration=1h --audience=vault')).trim()
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: ['vault'] } }
    expect((await create(review)).status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:builder' },
      audiences: ['vault'],
    })
  })

  it('bindings for more subjects', async () => {
    expect(await kubectl('set subject rolebinding readers --user=jane')).toBe(
      'rolebinding.rbac.authorization.k8s.io/readers subjects updated\n',
    )
    expect(await kubectl('get rolebinding readers -o jsonpath={.subjects[*].name}')).toBe('builder jane')
  })

  it.each([
    ['approve', 'Approved'],
    ['deny', 'Denied'],
  ])('certificates, or not: %s', async (verb, condition) => {
    const name = `jane-${verb}`
    const spec = { request: REQUEST, signerName: 'example.com/signer', usages: ['client auth'] }
    await create({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec })
    const shown = async () => table(await kubectl(`get csr ${name}`)).map(({ SIGNERNAME, CONDITION }) => [SIGNERNAME, CONDITION])
    expect(await shown()).toEqual([['example.com/signer', 'Pending']])
    const resource = `certificatesigningrequest.certificates.k8s.io/${name}`
    expect(await kubectl(`certificate ${verb} ${name}`)).toBe(`${resource} ${condition.toLowerCase()}\n`)
    expect(await shown()).toEqual([['example.com/signer', condition]])
    expect(await kubectl(`describe csr ${name}`)).toMatch(/Common Name: +jane\n/)
  })
})

describe('changes by subresource', () => {
  beforeAll(async () => {
    await kubectl('create deployment sub --image=nginx --replicas=1')
    await kubectl('rollout status deployment/sub --timeout=60s')
  })

  it('patches and gets /scale and /status', async () => {
    const patch = ['patch', 'deployment', 'sub', '--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":2}}']
    expect(await server.kubectl(...patch)).toBe('scale.autoscaling/sub patched\n')
    await kubectl('rollout status deployment/sub --timeout=60s')
    expect(table(await kubectl('get deployment sub --subresource=scale'))).toMatchObject([{ NAME: 'sub', DESIRED: '2', AVAILABLE: '2' }])
    expect(await kubectl('get deployment sub --subresource=status -o jsonpath={.status.readyReplicas}')).toBe('2')
  })

  it('autoscales', async () => {
    expect(await kubectl('autoscale deployment sub --min=1 --max=4 --cpu=70%')).toBe('horizontalpodautoscaler.autoscaling/sub autoscaled\n')
    expect(await kubectl('get hpa sub -o jsonpath={.spec.metrics[0].resource.target}')).toBe(
      '{"averageUtilization":70,"type":"Utilization"}',
    )
    await kubectl('delete hpa sub')
  })
})

describe('deletes', () => {
  const pods = (selector: string) => kubectl(`get pods -l ${selector} -o name`)
  const run = async (name: string, ...flags: string[]) => {
    await server.kubectl('run', name, '--image=nginx', ...flags)
    await kubectl(`wait pod/${name} --for=condition=Ready --timeout=30s`)
  }

  it('nothing when it is tried only', async () => {
    await run('tried', '--labels=kind=tried')
    expect(await kubectl('delete pod tried --dry-run=server')).toBe('pod "tried" deleted from default namespace (server dry run)\n')
    expect(await kubectl('get pod tried -o jsonpath={.metadata.deletionTimestamp}')).toBe('')
  })

  it('at once, in a while, and without waiting', async () => {
    expect(await kubectl('delete pod tried --now')).toBe('pod "tried" deleted from default namespace\n')
    await run('slow', '--labels=kind=slow')
    expect(await kubectl('delete pod slow --grace-period=60 --wait=false')).toBe('pod "slow" deleted from default namespace\n')
    await kubectl('wait pod/slow --for=delete --timeout=30s')
    await run('forced')
    const { stdout, stderr } = await server.tryKubectl(['delete', 'pod', 'forced', '--force', '--grace-period=0'])
    expect(stdout).toBe('pod "forced" force deleted from default namespace\n')
    expect(stderr).toContain('Warning: Immediate deletion does not wait for confirmation')
    expect(await failure('get pod forced')).toContain('NotFound')
  })

  it('several kinds by label, all of a kind, what a file has, and nothing that is not there', async () => {
    await kubectl('create deployment gone --image=nginx')
    await kubectl('expose deployment gone --port=80')
    expect(lines(await kubectl('delete deployment,service -l app=gone'))).toEqual([
      'deployment.apps "gone" deleted from default namespace',
      'service "gone" deleted from default namespace',
    ])
    await eventually(async () => expect(await pods('app=gone')).toBe(''))
    await kubectl('apply -f examples/web-deployment.yaml')
    expect(await kubectl('delete -f examples/web-deployment.yaml --ignore-not-found')).toContain('deployment.apps "web" deleted')
    expect(await kubectl('delete deployment nope --ignore-not-found')).toBe('')
    expect(await kubectl('delete priorityclasses --field-selector=metadata.name=high')).toBe(
      'priorityclass.scheduling.k8s.io "high" deleted\n',
    )
    await kubectl('delete secrets --all')
    expect(await failure('get secrets')).toBe('No resources found in default namespace.\n')
  })

  it('a set but not its pods', async () => {
    await kubectl('delete deployment sub --cascade=orphan')
    await kubectl('delete replicasets -l app=sub --cascade=orphan')
    expect(lines(await pods('app=sub'))).toHaveLength(2)
    await kubectl('delete pods -l app=sub --now')
  })

  it('a namespace and what is in it', async () => {
    await kubectl('create namespace full')
    await kubectl('create deployment inside --image=nginx --replicas=3 -n full')
    await kubectl('rollout status deployment/inside -n full --timeout=60s')
    expect(await kubectl('delete namespace full --timeout=60s')).toBe('namespace "full" deleted\n')
    expect(await kubectl('get pods,deployments,events -A -o jsonpath={.items[?(@.metadata.namespace=="full")].metadata.name}')).toBe('')
  })
})

describe('looks', () => {
  it('at events as they come', async () => {
    await during('events --watch --for pod/seen', async (output) => {
      await kubectl('run seen --image=nginx')
      await eventually(() => expect(output()).toMatch(/Scheduled[\s\S]*Pulled[\s\S]*Created[\s\S]*Started/))
    })
    expect(await failure('events --types=Warning')).toBe('No events found in default namespace.\n')
  })

  it('through the proxy, at a port and at a socket', async () => {
    await during('proxy --port=0', async (output) => {
      const address = await eventually(() => {
        const match = /Starting to serve on (\S+)\n/.exec(output())
        if (match === null) throw new Error('not yet')
        return match[1]
      })
      const answer = await fetch(`http://${address}/api/v1/namespaces/default`)
      expect(await answer.json()).toMatchObject({ kind: 'Namespace', metadata: { name: 'default' } })
    })
    const socketPath = join(server.folder, 'proxy.sock')
    await during(`proxy --unix-socket=${socketPath}`, async (output) => {
      await eventually(() => expect(output()).toContain('Starting to serve'))
      const version = await new Promise<string>((resolve, reject) => {
        get({ socketPath, path: '/version' }, (response) => void text(response).then(resolve, reject)).on('error', reject)
      })
      expect(JSON.parse(version)).toMatchObject({ major: '1', minor: '36' })
    })
  })

  it('at the cluster as a whole', async () => {
    expect(await kubectl('get --raw /readyz')).toBe('ok')
    const dump = await kubectl('cluster-info dump -o json')
    expect(dump).toContain('"kind": "NodeList"')
    expect(table(await kubectl('get nodes -o wide'))[0]).toMatchObject({
      NAME: 'node-1',
      'CONTAINER-RUNTIME': expect.stringMatching(/^containerd:/),
    })
    expect(lines(await kubectl('api-resources --verbs=watch --namespaced=false -o name'))).toEqual(
      expect.arrayContaining(['namespaces', 'nodes', 'persistentvolumes', 'clusterroles.rbac.authorization.k8s.io']),
    )
  })
})
