/** Services and their pods, for tests of what makes endpoints of them. */
import type { Pod, Service } from '../../src/api/types.gen.ts'

const GOING = '2026-03-01T12:00:00Z'
export const BORN = '2026-03-01T11:00:00Z'

export function service(spec: Partial<Service['spec']> = {}, labels?: Record<string, string>): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'ns', uid: 'uid-web', resourceVersion: '1', creationTimestamp: BORN, ...(labels && { labels }) },
    spec: {
      clusterIP: '10.96.0.10',
      ipFamilies: ['IPv4'],
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...spec,
    },
  }
}

type PodGiven = {
  ip?: string
  ips?: string[]
  ready?: boolean
  going?: boolean
  phase?: string
  spec?: object
  port?: number
  readyAt?: string
}
export function pod(
  name: string,
  { ip = '10.0.0.1', ips, ready = true, going, phase = 'Running', spec, port = 8080, readyAt = BORN }: PodGiven = {},
): Pod {
  return {
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}`,
      labels: { app: 'web' },
      creationTimestamp: BORN,
      ...(going && { deletionTimestamp: GOING }),
    },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }] }],
      ...spec,
    },
    status: {
      phase,
      podIP: ip,
      podIPs: (ips ?? (ip ? [ip] : [])).map((text) => ({ ip: text })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: readyAt }],
    },
  } as unknown as Pod
}
