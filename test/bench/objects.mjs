// What the benchmark writes: ConfigMaps of 1 KiB, and Pods that are stored as 4.3 KB, managedFields included.
const FILLER = 'x'.repeat(820)

export const configMap = (name, extra = '') =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: 'bench' } }, data: { filler: FILLER, extra } })

export const pod = (name) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: 'bench', tier: 'web', release: 'r1' },
      annotations: Object.fromEntries(Array.from({ length: 2 }, (_, i) => [`example.com/note-${i}`, 'n'.repeat(60)])),
    },
    spec: {
      // Nobody schedules it: what is measured is the API.
      schedulerName: 'nobody',
      containers: ['app', 'sidecar'].map((container) => ({
        name: container,
        image: `registry.example/${container}:1.2.3`,
        env: Array.from({ length: 2 }, (_, i) => ({ name: `VARIABLE_${i}`, value: `value-${i}` })),
        ports: [{ containerPort: container === 'app' ? 8080 : 9090, name: container }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      })),
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  })
