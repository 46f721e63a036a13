// A ReplicaSet controller of somebody else, with the ordinary client: makes and removes pods with owner references, writes status.
//
//     node outside-replicaset-controller.mjs http://127.0.0.1:8080
import { AppsV1Api, CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'

const [server] = process.argv.slice(2)
const config = new KubeConfig()
config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'controller' })
const core = config.makeApiClient(CoreV1Api)
const apps = config.makeApiClient(AppsV1Api)

const sets = makeInformer(config, '/apis/apps/v1/replicasets', () => apps.listReplicaSetForAllNamespaces())
const pods = makeInformer(config, '/api/v1/pods', () => core.listPodForAllNamespaces())

const ownerOf = ({ metadata }) => metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'ReplicaSet')
const isReady = ({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')

async function reconcile(set) {
  const { name, namespace, uid, generation } = set.metadata
  const { items } = await core.listNamespacedPod({ namespace })
  const own = items.filter((pod) => ownerOf(pod)?.uid === uid && !pod.metadata.deletionTimestamp)
  for (let missing = set.spec.replicas - own.length; missing > 0; missing--) {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true, blockOwnerDeletion: true }]
    const metadata = { ...set.spec.template.metadata, generateName: `${name}-`, ownerReferences }
    await core.createNamespacedPod({ namespace, body: { metadata, spec: set.spec.template.spec } })
  }
  for (const pod of own.slice(set.spec.replicas)) await core.deleteNamespacedPod({ name: pod.metadata.name, namespace })
  const current = await apps.readNamespacedReplicaSet({ name, namespace })
  const ready = own.filter(isReady).length
  const status = {
    replicas: own.length,
    readyReplicas: ready,
    availableReplicas: ready,
    fullyLabeledReplicas: own.length,
    observedGeneration: generation,
  }
  await apps.replaceNamespacedReplicaSetStatus({ name, namespace, body: { ...current, status } })
}

// One at a time: what one pass made, the next one sees.
let work = Promise.resolve()
let isDue = false
function look() {
  if (isDue) return
  isDue = true
  work = work.then(async () => {
    isDue = false
    for (const set of sets.list()) await reconcile(set).catch((error) => console.error(String(error)))
  })
}

sets.on('add', look)
sets.on('update', look)
for (const event of ['add', 'update', 'delete']) pods.on(event, (pod) => ownerOf(pod) && look())
for (const informer of [sets, pods]) informer.on('error', (error) => console.error(String(error)))
await sets.start()
await pods.start()
console.log('ready')
