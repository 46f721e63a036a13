/** The kubectls that meet this server, from the oldest in use to its own: each does its daily work in a namespace of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { KUBECTL_VERSIONS, type Kubectl, type KubectlVersion, textOf } from '../support/kubectl.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.stop())

const lines = (text: string) => text.trimEnd().split('\n')
const configMap = (name: string, data: object, labels?: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(labels && { labels }) },
  data,
})

const GO_MANAGERS = '{{range .metadata.managedFields}}{{.operation}} by {{.manager}}\n{{end}}'

describe.each(KUBECTL_VERSIONS)('kubectl %s', (version: KubectlVersion) => {
  const namespace = `v${version.replace('.', '-')}`
  const isSince = (other: KubectlVersion) => Number(version.slice(2)) >= Number(other.slice(2))
  const deleted = (what: string) => `${what} deleted${isSince('1.34') ? ` from ${namespace} namespace` : ''}\n`

  let client: Kubectl
  beforeAll(async () => {
    // The namespace is the context's, so that commands read as people type them.
    client = server.kubectlOf({ version, namespace })
    await client.run('create', 'namespace', namespace)
  })

  const kubectl = (command: string) => client.run(...command.split(' '))
  const failure = async (command: string) => (await client.try(command.split(' '))).stderr
  const from = (verb: string, manifest: object) => client.try([...verb.split(' '), '-f', '-'], textOf(manifest))
  const data = (name: string) => kubectl(`get configmap ${name} -o jsonpath={.data}`)

  describe('declares', () => {
    it('applies: made, left, changed, and pruned of what was taken out', async () => {
      expect(await client.apply(configMap('plain', { a: '1', b: '1' }))).toBe('configmap/plain created\n')
      expect(await client.apply(configMap('plain', { a: '1', b: '1' }))).toBe('configmap/plain unchanged\n')
      expect(await client.apply(configMap('plain', { a: '2' }))).toBe('configmap/plain configured\n')
      expect(await data('plain')).toBe('{"a":"2"}')
      expect(JSON.parse(await kubectl('apply view-last-applied configmap/plain -o json')).data).toEqual({ a: '2' })
    })

    it('applies lists by their keys: containers by name, ports by number and protocol', async () => {
      const deployment = (containers: object[]) => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'lists' },
        spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers } } },
      })
      const names = () => kubectl('get deployment lists -o jsonpath={.spec.template.spec.containers[*].name}')
      await client.apply(
        deployment([
          { name: 'one', image: 'i', ports: [{ containerPort: 80 }] },
          { name: 'two', image: 'i' },
        ]),
      )
      await kubectl('set image deployment/lists two=other')
      await client.apply(
        deployment([
          { name: 'two', image: 'i' },
          { name: 'three', image: 'i' },
        ]),
      )
      expect(await names()).toBe('two three')
      expect(await kubectl('get deployment lists -o jsonpath={.spec.template.spec.containers[*].image}')).toBe('i i')
    })

    it('applies on the server side: refused with what conflicts, then by force', async () => {
      expect(await client.apply(configMap('owned', { a: '1' }), '--server-side')).toBe('configmap/owned serverside-applied\n')
      const other = await from('apply --server-side --field-manager=other', configMap('owned', { a: '2', b: '2' }))
      expect(other).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.a\nPlease review the fields/),
      })
      expect(await data('owned')).toBe('{"a":"1"}')
      expect(
        await client.apply(configMap('owned', { a: '2', b: '2' }), '--server-side', '--field-manager=other', '--force-conflicts'),
      ).toBe('configmap/owned serverside-applied\n')
      expect(await data('owned')).toBe('{"a":"2","b":"2"}')
    })

    it('goes over from the client to the server side: what is then left out goes', async () => {
      await client.apply(configMap('moved', { a: '1', b: '1' }))
      await client.apply(configMap('moved', { a: '1' }), '--server-side')
      expect(await data('moved')).toBe('{"a":"1"}')
      const text = await client.run('get', 'configmap', 'moved', '--show-managed-fields', '-o', `go-template=${GO_MANAGERS}`)
      expect(lines(text).sort()).toEqual(['Apply by kubectl', 'Apply by kubectl-last-applied'])
    })

    it('prunes what is no longer among what is applied', async () => {
      const list = (...names: string[]) => ({
        apiVersion: 'v1',
        kind: 'List',
        items: names.map((name) => configMap(name, { a: '1' }, { prune: 'yes' })),
      })
      const flags = ['--prune', '-l', 'prune=yes', '--prune-allowlist=core/v1/ConfigMap']
      await client.apply(list('kept', 'dropped'), ...flags)
      expect(lines(await client.apply(list('kept'), ...flags)).sort()).toEqual(['configmap/dropped pruned', 'configmap/kept unchanged'])
      expect(await kubectl('get configmaps -l prune=yes -o name')).toBe('configmap/kept\n')
    })

    it('prunes by set', async () => {
      const sets = server.kubectlOf({ version, namespace, environment: { KUBECTL_APPLYSET: 'true' } })
      const flags = ['--prune', '--applyset=configmap/the-set', `--namespace=${namespace}`]
      const list = (...names: string[]) => ({ apiVersion: 'v1', kind: 'List', items: names.map((name) => configMap(name, { a: '1' })) })
      await sets.apply(list('one', 'two'), ...flags)
      expect(lines(await sets.apply(list('two', 'three'), ...flags)).sort()).toEqual([
        'configmap/one pruned',
        'configmap/three created',
        'configmap/two unchanged',
      ])
      expect(await kubectl('get configmap the-set -o jsonpath={.metadata.annotations}')).toContain(
        isSince('1.32')
          ? '"applyset.kubernetes.io/contains-group-kinds":"ConfigMap"'
          : '"applyset.kubernetes.io/contains-group-resources":"configmaps"',
      )
    })

    it('tells what would be different', async () => {
      await client.apply(configMap('compared', { a: '1' }))
      expect(await from('diff', configMap('compared', { a: '1' }))).toEqual({ code: 0, stdout: '', stderr: '' })
      for (const verb of ['diff', 'diff --server-side --force-conflicts']) {
        const { code, stdout } = await from(verb, configMap('compared', { a: '2' }))
        expect({ verb, code, changes: lines(stdout).filter((line) => /^[-+] {2}a:/.test(line)) }).toEqual({
          verb,
          code: 1,
          changes: ['-  a: "1"', '+  a: "2"'],
        })
      }
      expect(await data('compared')).toBe('{"a":"1"}')
    })

    it('creates and replaces', async () => {
      const manifest = configMap('replaced', { a: '1' })
      expect(await from('create', manifest)).toEqual({ code: 0, stdout: 'configmap/replaced created\n', stderr: '' })
      expect((await from('create', manifest)).stderr).toBe(
        'Error from server (AlreadyExists): error when creating "STDIN": configmaps "replaced" already exists\n',
      )
      const uid = () => kubectl('get configmap replaced -o jsonpath={.metadata.uid}')
      const before = await uid()
      expect(await from('replace', configMap('replaced', { b: '2' }))).toMatchObject({ stdout: 'configmap/replaced replaced\n' })
      expect([await data('replaced'), await uid()]).toEqual(['{"b":"2"}', before])
      expect(await from('replace --force', configMap('replaced', { c: '3' }))).toMatchObject({
        code: 0,
        stdout: `${deleted('configmap "replaced"')}configmap/replaced replaced\n`,
      })
      expect([await data('replaced'), (await uid()) === before]).toEqual(['{"c":"3"}', false])
    })

    it('refuses unknown fields, or warns of them', async () => {
      const odd = { ...configMap('odd', {}), nope: 1 }
      expect((await from('create', odd)).stderr).toContain('strict decoding error: unknown field "nope"')
      expect(await from('create --validate=warn', odd)).toEqual({
        code: 0,
        stdout: 'configmap/odd created\n',
        stderr: 'Warning: unknown field "nope"\n',
      })
    })
  })

  describe('changes', () => {
    beforeAll(async () => {
      await client.apply(configMap('changed', { color: 'green' }))
    })

    it.each([
      ['strategic', '{"data":{"size":"1"}}', '{"color":"green","size":"1"}'],
      ['merge', '{"data":{"size":null}}', '{"color":"green"}'],
      ['json', '[{"op":"add","path":"/data/size","value":"2"}]', '{"color":"green","size":"2"}'],
    ])('by a patch (%s), after trying it', async (type, patch, after) => {
      const before = await data('changed')
      const args = ['patch', 'configmap', 'changed', `--type=${type}`, '-p', patch]
      expect(await client.run(...args, '--dry-run=server', '-o', 'jsonpath={.data}')).toBe(after)
      expect(await data('changed')).toBe(before)
      expect(await client.run(...args)).toBe('configmap/changed patched\n')
      expect(await data('changed')).toBe(after)
    })

    it('in an editor', async () => {
      const edit = (script: string, ...what: string[]) =>
        server.kubectlOf({ version, namespace, environment: { KUBE_EDITOR: `sed -i '${script}'` } }).try(['edit', ...what])
      const colour = () => edit('s/green/blue/', 'configmap', 'changed')
      expect(await colour()).toEqual({ code: 0, stdout: 'configmap/changed edited\n', stderr: '' })
      expect(await kubectl('get configmap changed -o jsonpath={.data.color}')).toBe('blue')
      expect(await colour()).toMatchObject({ code: 0, stderr: 'Edit cancelled, no changes made.\n' })
      // Of a class that nobody here serves, so that its address is left to us.
      const spec = { type: 'LoadBalancer', loadBalancerClass: 'example.com/none', ports: [{ port: 80 }] }
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'edited' }, spec }
      await server.kubectlOf({ version, namespace }).try(['create', '-f', '-'], JSON.stringify(service))
      const toAddress = 's/loadBalancer: {}/loadBalancer: {ingress: [{ip: 192.0.2.1}]}/'
      expect(await edit(toAddress, 'service', 'edited', '--subresource=status')).toMatchObject({
        code: 0,
        stdout: 'service/edited edited\n',
      })
      expect(table(await kubectl('get service edited'))).toMatchObject([{ 'EXTERNAL-IP': '192.0.2.1' }])
    })

    it('labels and annotations, which are then selected', async () => {
      expect(await kubectl('label configmap changed tier=one')).toBe('configmap/changed labeled\n')
      expect(await kubectl('annotate configmap changed note=x')).toBe('configmap/changed annotated\n')
      expect(await kubectl('get configmaps -l tier=one -o name')).toBe('configmap/changed\n')
      expect(await kubectl('label configmap changed tier-')).toBe('configmap/changed unlabeled\n')
      expect(await failure('get configmaps -l tier=one')).toBe(`No resources found in ${namespace} namespace.\n`)
    })
  })

  describe('runs', () => {
    it('a rollout: out, on, back, again, held and resumed', async () => {
      expect(await kubectl('create deployment shop --image=nginx:1 --replicas=2 --port=80')).toBe('deployment.apps/shop created\n')
      await kubectl('rollout status deployment/shop --timeout=60s')
      expect(await kubectl('set image deployment/shop nginx=nginx:2')).toBe('deployment.apps/shop image updated\n')
      expect(await kubectl('set env deployment/shop A=1')).toBe('deployment.apps/shop env updated\n')
      expect(await kubectl('set resources deployment/shop --limits=cpu=1')).toBe('deployment.apps/shop resource requirements updated\n')
      await kubectl('rollout status deployment/shop --timeout=60s')
      expect(await kubectl('rollout undo deployment/shop --to-revision=1')).toBe('deployment.apps/shop rolled back\n')
      await kubectl('rollout status deployment/shop --timeout=60s')
      expect(await kubectl('get deployment shop -o jsonpath={.spec.template.spec.containers[0].image}')).toBe('nginx:1')
      expect(lines(await kubectl('rollout history deployment/shop')).slice(2)).toEqual(
        ['2', '3', '4', '5'].map((revision) => `${revision}         <none>`),
      )
      expect(await kubectl('rollout pause deployment/shop')).toBe('deployment.apps/shop paused\n')
      expect(await failure('rollout restart deployment/shop')).toContain("can't restart paused deployment (run rollout resume first)")
      expect(await kubectl('rollout resume deployment/shop')).toBe('deployment.apps/shop resumed\n')
      expect(await kubectl('rollout restart deployment/shop')).toBe('deployment.apps/shop restarted\n')
      await kubectl('rollout status deployment/shop --timeout=60s')
      expect(await kubectl('scale deployment/shop --replicas=3')).toBe('deployment.apps/shop scaled\n')
      expect(await kubectl('autoscale deployment shop --max=4')).toBe('horizontalpodautoscaler.autoscaling/shop autoscaled\n')
      expect(await kubectl('expose deployment shop')).toBe('service/shop exposed\n')
      expect(await kubectl('wait --for=condition=Available deployment/shop --timeout=30s')).toBe('deployment.apps/shop condition met\n')
    })

    it('a pod to its end, and waits for what becomes of it', async () => {
      if (isSince('1.32')) {
        const created = kubectl('wait pod/once --for=create --timeout=30s')
        await kubectl('run once --image=busybox --restart=Never -- true')
        expect(await created).toBe('pod/once condition met\n')
      } else await kubectl('run once --image=busybox --restart=Never -- true')
      expect(await kubectl('wait pod/once --for=jsonpath={.status.phase}=Succeeded --timeout=30s')).toBe('pod/once condition met\n')
      expect(await kubectl('logs once')).toBe('')
      const gone = kubectl('wait pod/once --for=delete --timeout=30s')
      expect(await kubectl('delete pod once --now')).toBe(deleted('pod "once"'))
      expect(await gone).toMatch(/^(pod\/once condition met\n)?$/)
    })

    it('a job of a cron job, and deletes both and what is theirs', async () => {
      await client.run('create', 'cronjob', 'nightly', '--image=busybox', '--schedule=0 0 * * *', '--', 'true')
      expect(await kubectl('create job now --from=cronjob/nightly')).toBe('job.batch/now created\n')
      await kubectl('wait job/now --for=condition=Complete --timeout=30s')
      await kubectl('delete cronjob nightly --cascade=foreground')
      expect(await failure('get job now')).toBe('Error from server (NotFound): jobs.batch "now" not found\n')
    })

    it('nodes empty and fills them again', async () => {
      expect(await kubectl('drain node-3 --ignore-daemonsets --force --timeout=60s')).toMatch(/node\/node-3 drained\n$/)
      expect(table(await kubectl('get node node-3'))[0]?.STATUS).toBe('Ready,SchedulingDisabled')
      expect(await kubectl('uncordon node-3')).toBe('node/node-3 uncordoned\n')
      expect(await kubectl('taint node node-3 a=b:NoSchedule')).toBe('node/node-3 tainted\n')
      expect(await kubectl('taint node node-3 a-')).toBe('node/node-3 untainted\n')
    })
  })

  describe('shows', () => {
    it('prints in every form', async () => {
      const names = lines(await kubectl('get pods -l app=shop -o name'))
      expect(names).toHaveLength(3)
      expect(lines(await kubectl('get pods -l app=shop --chunk-size=1 -o name'))).toEqual(names)
      expect(lines(await kubectl('get pods -l app=shop --field-selector=status.phase=Running,metadata.name!=x -o name'))).toEqual(names)
      const columns = 'NODE:.spec.nodeName,NAME:.metadata.name'
      const rows = table(await kubectl(`get pods -l app=shop --sort-by=.spec.nodeName -o custom-columns=${columns}`))
      expect(rows.map(({ NODE }) => NODE)).toEqual(rows.map(({ NODE }) => NODE).sort())
      const template = ['get', 'pods', '-l', 'app=shop', '-o', 'go-template={{range .items}}pod/{{.metadata.name}}\n{{end}}']
      expect(lines(await client.run(...template))).toEqual(names)
      expect(lines(await kubectl('get pods -l app=shop -o jsonpath={range.items[*]}pod/{.metadata.name}{"\\n"}{end}'))).toEqual(names)
      expect(await kubectl('get deployment shop -o yaml')).toContain('\nspec:\n')
      const wide = table(await kubectl('get pods -l app=shop -o wide --show-labels'))
      expect(Object.keys(wide[0]!).slice(5)).toEqual(['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES', 'LABELS'])
      expect(Object.keys(table(await kubectl('get pods -A'))[0]!)).toEqual(['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'])
      expect(table(await kubectl('get deployment shop --subresource=scale'))).toMatchObject([
        { NAME: 'shop', DESIRED: '3', AVAILABLE: '3' },
      ])
      expect(lines(await kubectl('get all -o name'))).toEqual(expect.arrayContaining([...names, 'service/shop', 'deployment.apps/shop']))
    })

    it('prints changes as they come', async () => {
      const watch = client.start('get', 'configmaps', '--watch-only', '--output-watch-events', '-l', 'watched=yes')
      let seen = ''
      watch.stdout?.on('data', (text: Buffer) => {
        seen += text
      })
      try {
        const rows = () => table(seen).map(({ EVENT, NAME, DATA }) => `${EVENT} ${NAME} ${DATA}`)
        // Whatever came before the watch has begun isn't told.
        await eventually(async () => {
          await client.apply(configMap('first', {}, { watched: 'yes' }))
          await kubectl('delete configmap first')
          expect(rows().at(-1)).toBe('DELETED first 0')
        })
        const before = rows().length
        await client.apply(configMap('second', {}, { watched: 'yes' }))
        await client.apply(configMap('second', { a: '1' }, { watched: 'yes' }))
        await kubectl('label configmap second watched-')
        await eventually(() => expect(rows().slice(before)).toEqual(['ADDED second 0', 'MODIFIED second 1', 'DELETED second 1']))
      } finally {
        watch.kill()
      }
    })

    it('events of one object, and of all', async () => {
      const reasons = (text: string) => table(text).map(({ REASON }) => REASON)
      await eventually(async () => expect(reasons(await kubectl('events --for deployment/shop'))).toContain('ScalingReplicaSet'))
      expect(reasons(await kubectl('get events'))).toEqual(expect.arrayContaining(['Scheduled', 'Started', 'SuccessfulCreate']))
    })

    it.each([
      ['deployment shop', /Available +True +MinimumReplicasAvailable\n[\s\S]*ScalingReplicaSet/],
      ['replicaset -l app=shop', /Controlled By: +Deployment\/shop\n/],
      ['pod -l app=shop', /Ready +True[\s\S]*Successfully assigned/],
      ['service shop', /Endpoints: +10\.\d+/],
      ['horizontalpodautoscaler shop', /Reference: +Deployment\/shop\n/],
      ['statefulset web', /Pods Status: +1 Running[\s\S]*Volume Claims:\n +Name: +data[\s\S]*SuccessfulCreate/],
      ['persistentvolumeclaim data-web-0', /Status: +Bound\n/],
      ['daemonset agent', /Desired Number of Nodes Scheduled: +3\n/],
      ['job fine', /Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed\n[\s\S]*Completed/],
      ['cronjob later', /Schedule: +@yearly\n/],
      ['replicationcontroller old', /Pods Status: +1 Running/],
      ['node node-1', /Allocated resources:\n/],
      ['namespace default', /Status: +Active\n/],
    ])('describes: %s', async (what, expected) => {
      await eventually(async () => expect(await kubectl(`describe --show-events ${what}`)).toMatch(expected))
    })

    beforeAll(async () => {
      const container = { name: 'c', image: 'busybox' }
      const pod = (labels: object, more = {}) => ({ metadata: { labels }, spec: { containers: [container], ...more } })
      const claim = {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      }
      const object = (apiVersion: string, kind: string, name: string, spec: object) => ({ apiVersion, kind, metadata: { name }, spec })
      const app = (name: string) => ({ selector: { matchLabels: { name } }, template: pod({ name }) })
      const job = { template: pod({}, { restartPolicy: 'Never', containers: [{ ...container, command: ['true'] }] }) }
      const items = [
        object('apps/v1', 'StatefulSet', 'web', { ...app('web'), serviceName: 'web', volumeClaimTemplates: [claim] }),
        object('apps/v1', 'DaemonSet', 'agent', app('agent')),
        object('batch/v1', 'Job', 'fine', job),
        object('batch/v1', 'CronJob', 'later', { schedule: '@yearly', jobTemplate: { spec: job } }),
        object('v1', 'ReplicationController', 'old', { replicas: 1, selector: { name: 'old' }, template: pod({ name: 'old' }) }),
      ]
      await client.apply({ apiVersion: 'v1', kind: 'List', items })
      await kubectl('wait job/fine --for=condition=Complete --timeout=30s')
      await kubectl('rollout status daemonset/agent --timeout=30s')
      await kubectl('rollout status statefulset/web --timeout=30s')
    })

    it('explains, from either version of OpenAPI', async () => {
      const v3 = await kubectl('explain deployment.spec.strategy.rollingUpdate.maxSurge')
      expect(v3).toMatch(/^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: maxSurge <IntOrString>\n/)
      const v2 = await kubectl('explain deployment.spec.strategy --output=plaintext-openapiv2')
      expect(v2).toMatch(
        /^KIND: +Deployment\nVERSION: +apps\/v1\n\nRESOURCE: strategy <Object>\n\nDESCRIPTION:\n +\S[\s\S]*\n {3}rollingUpdate\t<Object>\n/,
      )
      expect(await kubectl('explain cronjob --recursive --output=plaintext-openapiv2')).toMatch(/\n {6}concurrencyPolicy\t<string>\n/)
    })

    it('what is served, by whom, and to whom', async () => {
      expect(await kubectl('api-resources --api-group=apps --no-headers -o name')).toBe(
        ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'].map((name) => `${name}.apps\n`).join(''),
      )
      expect(lines(await kubectl('api-versions'))).toEqual(expect.arrayContaining(['apps/v1', 'batch/v1', 'v1']))
      expect(await kubectl('cluster-info')).toContain(server.url)
      const { clientVersion, serverVersion } = JSON.parse(await kubectl('version -o json'))
      expect(clientVersion.gitVersion).toMatch(new RegExp(`^v${version}\\.`))
      expect(serverVersion).toMatchObject({ major: '1', minor: '36' })
      expect(await kubectl('auth can-i create pods')).toBe('yes\n')
      expect(await kubectl('auth can-i --list')).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs\n/)
      expect(table(await kubectl('auth whoami'))).toContainEqual({ ATTRIBUTE: 'Username', VALUE: 'kubernetes-admin' })
    })

    it('what pods and nodes use', async () => {
      await eventually(async () => expect(table(await kubectl('top pods -l app=shop'))).toHaveLength(3))
      const nodes = table(await kubectl('top nodes'))
      expect(nodes.map(({ NAME }) => NAME)).toEqual(['node-1', 'node-2', 'node-3'])
      expect(nodes[0]).toMatchObject({ 'CPU(cores)': expect.stringMatching(/^\d+m$/), 'MEMORY(bytes)': expect.stringMatching(/^\d+Mi$/) })
    })
  })

  it('deletes by label, by force, and everything with the namespace', async () => {
    expect(await failure('delete deployment nope')).toBe('Error from server (NotFound): deployments.apps "nope" not found\n')
    expect(await kubectl('delete configmaps -l prune=yes')).toBe(deleted('configmap "kept"'))
    const forced = await client.try('delete pod web-0 --grace-period=0 --force'.split(' '))
    expect(forced).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pod "web-0" force deleted'),
      stderr: expect.stringContaining('Warning: Immediate deletion does not wait'),
    })
    await kubectl('delete deployment shop --cascade=orphan')
    expect(lines(await kubectl('get pods -l app=shop -o name'))).toHaveLength(3)
    expect(await kubectl(`delete namespace ${namespace} --timeout=60s`)).toBe(`namespace "${namespace}" deleted\n`)
    expect(await failure(`get namespace ${namespace}`)).toContain('not found')
  })
})
