// A scheduler of somebody else, with the ordinary client: gives the pods that name it a node, in turn, through pods/binding.
//
//     node outside-scheduler.mjs http://127.0.0.1:8080 my-scheduler
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'

const [server, schedulerName] = process.argv.slice(2)
const config = new KubeConfig()
config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'scheduler' })
const core = config.makeApiClient(CoreV1Api)

let turn = 0
async function schedule(pod) {
  if (pod.spec.schedulerName !== schedulerName || pod.spec.nodeName) return
  const { items } = await core.listNode()
  const { name, namespace, uid } = pod.metadata
  const target = { apiVersion: 'v1', kind: 'Node', name: items[turn++ % items.length].metadata.name }
  await core.createNamespacedPodBinding({ name, namespace, body: { metadata: { name, namespace, uid }, target } })
}

const informer = makeInformer(config, '/api/v1/pods', () => core.listPodForAllNamespaces())
for (const event of ['add', 'update']) informer.on(event, (pod) => schedule(pod).catch((error) => console.error(String(error))))
informer.on('error', (error) => console.error(String(error)))
await informer.start()
console.log('ready')
