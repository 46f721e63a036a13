/** The objects of the cluster whose hour is told: one of each kind of workload, and what stands around them. */
import { daemonSet, podTemplate, statefulSet } from './scenario.ts'
import { cronJob, deployment, job, jobSpec } from './workloads.ts'

export const CAPACITY = { cpu: '4', memory: '8Gi', pods: '20' }
export const HARD = { pods: '2', 'requests.cpu': '1', configmaps: '3', persistentvolumeclaims: '1' }

/** What starts takes two seconds, and what stops takes three. */
const SLOW = { 'coracle.dev/start-delay': '2s', 'coracle.dev/stop-delay': '3s' }
const CONTAINER = { container: { resources: { requests: { cpu: '200m', memory: '128Mi' } } } }
const DISK = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

const template = (image: string, app: string) => podTemplate({ ...CONTAINER, image, app, annotations: SLOW }) as never

export const web = (image: string) =>
  deployment('web', { replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }, template(image, 'web'))
/** As large as its autoscaler says. */
export const shop = () => deployment('shop', { replicas: 2 }, template('shop:1', 'shop'))
export const db = (image: string) =>
  statefulSet('db', {
    replicas: 3,
    template: { ...CONTAINER, image, annotations: SLOW },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: DISK }],
  }) as never
export const agent = (image: string) => daemonSet('agent', { template: { ...CONTAINER, image, annotations: SLOW } }) as never

export const tick = () =>
  cronJob('tick', '*/5 * * * *', { concurrencyPolicy: 'Forbid', successfulJobsHistoryLimit: 2 }, jobSpec({}, { command: 'sleep 30' }))
/** @param failures how many attempts end badly before one that ends well */
export const batch = (name: string, failures: number) => {
  const codes = [...Array.from({ length: failures }, () => '1'), '0'].join(',')
  const annotations = { 'coracle.dev/exit-code': codes, 'coracle.dev/run-for': '20s' }
  return job(
    name,
    { completions: 3, parallelism: 2, backoffLimit: 4 },
    { restartPolicy: failures % 2 === 0 ? 'Never' : 'OnFailure', annotations },
  )
}

export const service = (app: string) => ({ metadata: { name: app }, spec: { selector: { app }, ports: [{ port: 80 }] } })
export const budget = (app: string, spec: object) => ({ metadata: { name: app }, spec: { selector: { matchLabels: { app } }, ...spec } })
export const autoscaler = (name: string) => ({
  metadata: { name },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: 1,
    maxReplicas: 5,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
  },
})

export const quota = () => ({ metadata: { name: 'limits', namespace: 'team' }, spec: { hard: HARD } })
export const claim = (name: string, namespace = 'team') => ({ metadata: { name, namespace }, spec: DISK })
export const guest = (name: string) => ({ metadata: { name, namespace: 'team' }, spec: podTemplate({ ...CONTAINER, app: name }).spec })
export const settings = (name: string) => ({ metadata: { name, namespace: 'team' }, data: { key: 'value' } })
