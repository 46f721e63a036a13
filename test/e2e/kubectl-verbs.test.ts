import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { table } from '../support/table.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.stop())

const lines = (text: string) => text.trimEnd().split('\n')
const kubectl = (command: string) => server.kubectl(...command.split(' '))
const failure = async (command: string) => (await server.tryKubectl(command.split(' '))).stderr

describe('Deployments', () => {
  beforeAll(async () => {
    expect(await kubectl('create deployment shop --image=nginx:1.28 --replicas=3')).toBe('deployment.apps/shop created\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
  })
  const image = () => kubectl('get deployment shop -o jsonpath={.spec.template.spec.containers[0].image}')

  it('waits for conditions', async () => {
    expect(await kubectl('wait --for=condition=Available deployment/shop --timeout=30s')).toBe('deployment.apps/shop condition met\n')
    expect(await kubectl('wait --for=condition=Ready pod -l app=shop --timeout=30s')).toMatch(
      /^(pod\/shop-[0-9a-z]+-[0-9a-z]{5} condition met\n){3}$/,
    )
  })

  it('scales', async () => {
    expect(await kubectl('scale deployment/shop --replicas=5')).toBe('deployment.apps/shop scaled\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
    await eventually(async () => expect(table(await kubectl('get pods -l app=shop'))).toHaveLength(5))
    expect(await kubectl('scale deployment/shop --replicas=2 --current-replicas=5')).toBe('deployment.apps/shop scaled\n')
    await eventually(async () => expect(table(await kubectl('get pods -l app=shop'))).toHaveLength(2))
    expect(await failure('scale deployment/shop --replicas=3 --current-replicas=5')).toBe('error: Expected replicas to be 5, was 2\n')
  })

  it('sets an image, keeps the history, undoes and restarts', async () => {
    expect(await kubectl('set image deployment/shop nginx=nginx:1.29')).toBe('deployment.apps/shop image updated\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
    expect(table((await kubectl('rollout history deployment/shop')).replace(/^.*\n/, '')).map(({ REVISION }) => REVISION)).toEqual([
      '1',
      '2',
    ])
    expect(await kubectl('rollout history deployment/shop --revision=1')).toContain('nginx:1.28')
    expect(await kubectl('rollout undo deployment/shop')).toBe('deployment.apps/shop rolled back\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
    expect(await image()).toBe('nginx:1.28')
    expect(await kubectl('rollout undo deployment/shop --to-revision=2')).toBe('deployment.apps/shop rolled back\n')
    expect(await image()).toBe('nginx:1.29')
    expect(await kubectl('rollout restart deployment/shop')).toBe('deployment.apps/shop restarted\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
    expect(lines(await kubectl('get replicasets -l app=shop -o name'))).toHaveLength(3)
  })

  it('pauses and resumes', async () => {
    expect(await kubectl('rollout pause deployment/shop')).toBe('deployment.apps/shop paused\n')
    await kubectl('set image deployment/shop nginx=nginx:1.30')
    await kubectl('wait deployment/shop --for=condition=Progressing=Unknown --timeout=30s')
    expect(lines(await kubectl('get replicasets -l app=shop -o name'))).toHaveLength(3)
    expect(await kubectl('rollout resume deployment/shop')).toBe('deployment.apps/shop resumed\n')
    await kubectl('rollout status deployment/shop --timeout=60s')
    expect(lines(await kubectl('get replicasets -l app=shop -o name'))).toHaveLength(4)
  })

  it('is exposed, with its pods as endpoints', async () => {
    expect(await kubectl('expose deployment shop --port=80')).toBe('service/shop exposed\n')
    await eventually(async () => {
      const ips = lines(await kubectl('get pods -l app=shop -o jsonpath={range.items[*]}{.status.podIP}{"\\n"}{end}')).sort()
      const path = '{range.items[*].endpoints[*]}{.addresses[0]}{"\\n"}{end}'
      const slices = await kubectl(`get endpointslices -l kubernetes.io/service-name=shop -o jsonpath=${path}`)
      expect(lines(slices).sort()).toEqual(ips)
    })
  })
})

describe('StatefulSets and DaemonSets', () => {
  it('rolls a StatefulSet back', async () => {
    const web = (tag: string) => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: 2,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: `db:${tag}` }] } },
      },
    })
    const images = () => kubectl('get pods -l app=db -o jsonpath={.items[*].spec.containers[0].image}')
    expect(await server.apply(web('1'))).toBe('statefulset.apps/db created\n')
    await kubectl('rollout status statefulset/db --timeout=60s')
    expect(await server.apply(web('2'))).toBe('statefulset.apps/db configured\n')
    await kubectl('rollout status statefulset/db --timeout=60s')
    expect(await images()).toBe('db:2 db:2')
    expect(table((await kubectl('rollout history statefulset/db')).replace(/^.*\n/, '')).map(({ REVISION }) => REVISION)).toEqual([
      '1',
      '2',
    ])
    expect(await kubectl('rollout undo statefulset/db')).toBe('statefulset.apps/db rolled back\n')
    await kubectl('rollout status statefulset/db --timeout=60s')
    await eventually(async () => expect(await images()).toBe('db:1 db:1'))
    // Its name is taken again at once, and kubectl must not wait for the new one to go.
    for (let round = 0; round < 10; round++) {
      expect(await kubectl('delete pod db-0 --timeout=30s')).toBe('pod "db-0" deleted from default namespace\n')
      await kubectl('wait --for=create pod/db-0 --timeout=30s')
      await kubectl('wait --for=condition=Ready pod/db-0 --timeout=30s')
    }
  })

  it('restarts a DaemonSet one node after the other', async () => {
    await kubectl('apply -f examples/log-collector.yaml')
    await kubectl('rollout status daemonset/log-collector --timeout=60s')
    const uids = () => kubectl('get pods -l app=log-collector -o jsonpath={.items[*].metadata.uid}')
    const before = await uids()
    expect(await kubectl('rollout restart daemonset/log-collector')).toBe('daemonset.apps/log-collector restarted\n')
    await kubectl('rollout status daemonset/log-collector --timeout=60s')
    await eventually(async () => {
      const after = (await uids()).split(' ')
      expect(after).toHaveLength(3)
      expect(after.filter((uid) => before.includes(uid))).toEqual([])
    })
  })
})

describe('deleting an owner', () => {
  const PODS = 'get pods,replicasets -l app='
  const gone = (name: string) =>
    eventually(async () => expect(await failure(`${PODS}${name}`)).toBe('No resources found in default namespace.\n'))

  it.each(['background', 'foreground'])('collects what it owns (%s)', async (cascade) => {
    const name = `owner-${cascade}`
    await kubectl(`create deployment ${name} --image=nginx --replicas=2`)
    await kubectl(`rollout status deployment/${name} --timeout=60s`)
    expect(await kubectl(`delete deployment ${name} --cascade=${cascade} --timeout=60s`)).toBe(
      `deployment.apps "${name}" deleted from default namespace\n`,
    )
    // In the foreground the owner goes last.
    if (cascade === 'foreground') expect(await failure(`get replicasets -l app=${name}`)).toBe('No resources found in default namespace.\n')
    await gone(name)
  })

  it('leaves orphans, which another owner adopts', async () => {
    await kubectl('create deployment orphan --image=nginx --replicas=2')
    await kubectl('rollout status deployment/orphan --timeout=60s')
    const sets = await kubectl('get replicasets -l app=orphan -o name')
    await kubectl('delete deployment orphan --cascade=orphan --timeout=60s')
    await eventually(async () =>
      expect(await kubectl('get replicasets -l app=orphan -o jsonpath={.items[*].metadata.ownerReferences}')).toBe(''),
    )
    expect(await kubectl('get replicasets -l app=orphan -o name')).toBe(sets)
    await kubectl('create deployment orphan --image=nginx --replicas=2')
    await eventually(async () =>
      expect(await kubectl('get replicasets -l app=orphan -o jsonpath={.items[*].metadata.ownerReferences[*].kind}')).toBe('Deployment'),
    )
    expect(await kubectl('get replicasets -l app=orphan -o name')).toBe(sets)
    await kubectl('delete deployment orphan')
    await gone('orphan')
  })
})

describe('single objects', () => {
  it('labels and annotates', async () => {
    await kubectl('create configmap marked --from-literal=a=1')
    expect(await kubectl('label configmap marked tier=one')).toBe('configmap/marked labeled\n')
    expect(await failure('label configmap marked tier=two')).toBe("error: 'tier' already has a value (one), and --overwrite is false\n")
    expect(await kubectl('label configmap marked tier=two --overwrite')).toBe('configmap/marked labeled\n')
    expect(table(await kubectl('get configmaps -l tier=two -L tier')).map(({ NAME, TIER }) => [NAME, TIER])).toEqual([['marked', 'two']])
    expect(await kubectl('label configmap marked tier-')).toBe('configmap/marked unlabeled\n')
    expect(await kubectl('annotate configmap marked note=kept')).toBe('configmap/marked annotated\n')
    expect(await kubectl('get configmap marked -o jsonpath={.metadata.annotations.note}')).toBe('kept')
  })

  it('runs a pod, replaces it, and deletes it', async () => {
    expect(await kubectl('run once --image=busybox --restart=Never -- echo hello')).toBe('pod/once created\n')
    await kubectl('wait pod/once --for=jsonpath={.status.phase}=Succeeded --timeout=30s')
    const manifest = JSON.parse(await kubectl('get pod once -o json'))
    manifest.metadata.labels.changed = 'yes'
    const replaced = await server.tryKubectl(['replace', '-f', '-'], JSON.stringify(manifest))
    expect(replaced).toEqual({ stdout: 'pod/once replaced\n', stderr: '', code: 0 })
    const stale = await server.tryKubectl(['replace', '-f', '-'], JSON.stringify(manifest))
    expect(stale.stderr).toMatch(
      /^Error from server \(Conflict\): .*the object has been modified; please apply your changes to the latest version/,
    )
    expect(await kubectl('delete pod once')).toBe('pod "once" deleted from default namespace\n')
    expect(await failure('get pod once')).toBe('Error from server (NotFound): pods "once" not found\n')
  })

  it('makes a namespace with what every namespace has, and empties it', async () => {
    expect(await kubectl('create namespace team')).toBe('namespace/team created\n')
    await eventually(async () => {
      expect(await kubectl('get serviceaccount default -n team -o name')).toBe('serviceaccount/default\n')
      expect(await kubectl('get configmap kube-root-ca.crt -n team -o name')).toBe('configmap/kube-root-ca.crt\n')
    })
    await kubectl('create deployment inside --image=nginx -n team')
    expect(await kubectl('delete namespace team --timeout=60s')).toBe('namespace "team" deleted\n')
    expect(await failure('get namespace team')).toBe('Error from server (NotFound): namespaces "team" not found\n')
  })

  it('dries run', async () => {
    expect(await kubectl('create configmap dry --from-literal=a=1 --dry-run=server')).toBe('configmap/dry created (server dry run)\n')
    expect(await failure('get configmap dry')).toBe('Error from server (NotFound): configmaps "dry" not found\n')
  })

  it('cordons, drains and uncordons', async () => {
    expect(await kubectl('cordon node-2')).toBe('node/node-2 cordoned\n')
    expect(table(await kubectl('get node node-2'))[0]?.STATUS).toBe('Ready,SchedulingDisabled')
    expect(await kubectl('drain node-2 --ignore-daemonsets --force --timeout=60s')).toMatch(/node\/node-2 drained\n$/)
    expect(await kubectl('uncordon node-2')).toBe('node/node-2 uncordoned\n')
  })
})

describe('Jobs', () => {
  it('starts one from a CronJob', async () => {
    expect(await kubectl('create cronjob nightly --image=busybox --schedule=@daily -- echo done')).toBe('cronjob.batch/nightly created\n')
    expect(await kubectl('create job now --from=cronjob/nightly')).toBe('job.batch/now created\n')
    expect(await kubectl('wait --for=condition=Complete job/now --timeout=30s')).toBe('job.batch/now condition met\n')
    expect(table(await kubectl('get jobs now')).map(({ NAME, STATUS, COMPLETIONS }) => [NAME, STATUS, COMPLETIONS])).toEqual([
      ['now', 'Complete', '1/1'],
    ])
    expect(await kubectl('get job now -o jsonpath={.metadata.ownerReferences[0].kind}')).toBe('CronJob')
    await kubectl('delete cronjob nightly')
    await eventually(async () => expect(await failure('get pods -l job-name=now')).toBe('No resources found in default namespace.\n'))
  })

  it('fails one that keeps failing', async () => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'failing' },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command: ['false'] }] } },
      },
    }
    await server.apply(job)
    await kubectl('wait --for=condition=Failed job/failing --timeout=30s')
    expect(await kubectl('get job failing -o jsonpath={.status.conditions[?(@.type=="Failed")].reason}')).toBe('BackoffLimitExceeded')
  })
})

describe('what kubectl asks about the API', () => {
  it('explains', async () => {
    const text = await kubectl('explain statefulset.spec.volumeClaimTemplates')
    expect(text).toMatch(/^GROUP: +apps\nKIND: +StatefulSet\nVERSION: +v1\n/)
    expect(text).toContain('FIELD: volumeClaimTemplates <[]PersistentVolumeClaim>')
    expect(text).toMatch(/DESCRIPTION:\n +\S+/)
    expect(await kubectl('explain cronjob --recursive')).toMatch(/concurrencyPolicy\s+<string>/)
  })

  it('lists resources and versions', async () => {
    const resources = table(await kubectl('api-resources'))
    expect(resources).toContainEqual({ NAME: 'daemonsets', SHORTNAMES: 'ds', APIVERSION: 'apps/v1', NAMESPACED: 'true', KIND: 'DaemonSet' })
    expect(resources).toContainEqual({ NAME: 'cronjobs', SHORTNAMES: 'cj', APIVERSION: 'batch/v1', NAMESPACED: 'true', KIND: 'CronJob' })
    expect(resources).toContainEqual({ NAME: 'nodes', SHORTNAMES: 'no', APIVERSION: 'v1', NAMESPACED: 'false', KIND: 'Node' })
    expect(lines(await kubectl('api-versions'))).toEqual(expect.arrayContaining(['apps/v1', 'batch/v1', 'v1']))
    expect(await kubectl('version')).toMatch(/Server Version: v1\.36\./)
  })

  it('refuses an unknown kind', async () => {
    const unknownKind = { apiVersion: 'example.com/v1', kind: 'Nonsense', metadata: { name: 'odd' } }
    expect((await server.tryKubectl(['apply', '-f', '-'], JSON.stringify(unknownKind))).stderr).toContain(
      'no matches for kind "Nonsense" in version "example.com/v1"',
    )
  })
})

describe('quotas and limits', () => {
  beforeAll(async () => {
    await kubectl('create namespace policed')
    expect(await kubectl('create quota mean --hard=cpu=1,pods=2,count/configmaps=3 -n policed')).toBe('resourcequota/mean created\n')
    expect(await kubectl('create quota free --hard=pods=5 --scopes=BestEffort -n policed')).toBe('resourcequota/free created\n')
    await server.apply({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'range', namespace: 'policed' },
      spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '250m' }, max: { cpu: '800m' } }] },
    })
    await eventually(async () => expect(await kubectl('get quota mean -n policed -o jsonpath={.status.used.pods}')).toBe('0'))
    await kubectl('run one --image=nginx -n policed')
  })

  it('get', async () => {
    const [free, mean] = table(await kubectl('get quota -n policed'))
    expect(mean).toMatchObject({ NAME: 'mean', REQUEST: 'count/configmaps: 1/3, cpu: 250m/1, pods: 1/2' })
    expect(free).toMatchObject({ NAME: 'free', REQUEST: 'pods: 0/5' })
    expect(
      await failure(
        'run two --image=nginx -n policed --overrides={"spec":{"containers":[{"name":"two","image":"nginx","resources":{"requests":{"cpu":"780m"},"limits":{"cpu":"780m"}}}]}}',
      ),
    ).toBe(
      'Error from server (Forbidden): pods "two" is forbidden: exceeded quota: mean, requested: cpu=780m, used: cpu=250m, limited: cpu=1\n',
    )
  })

  it('describe', async () => {
    const rows = (text: string) => lines(text).map((line) => line.trim().split(/\s{2,}/))
    expect(rows(await kubectl('describe quota mean -n policed'))).toEqual(
      expect.arrayContaining([
        ['Resource', 'Used', 'Hard'],
        ['count/configmaps', '1', '3'],
        ['cpu', '250m', '1'],
        ['pods', '1', '2'],
      ]),
    )
    expect(rows(await kubectl('describe limitrange range -n policed'))).toContainEqual([
      'Container',
      'cpu',
      '-',
      '800m',
      '250m',
      '500m',
      '-',
    ])
    const namespace = await kubectl('describe namespace policed')
    expect(namespace).toContain('Resource Quotas')
    expect(namespace).toMatch(/Name:\s+free\n\s+Scopes:\s+BestEffort/)
    expect(rows(namespace)).toContainEqual(['cpu', '250m', '1'])
    expect(namespace).toContain('Resource Limits')
    expect(rows(namespace)).toContainEqual(['Container', 'cpu', '-', '800m', '250m', '500m', '-'])
  })
})
