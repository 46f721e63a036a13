// The workloads that are measured, and how to ask a server about them.
const template = (name, restartPolicy) => ({
  metadata: { labels: { app: name } },
  spec: { ...(restartPolicy ? { restartPolicy } : {}), containers: [{ name: 'app', image: 'registry.example/app:1' }] },
})

export const deployment = (name, replicas) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
})

export const job = (name) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template: template(name, 'Never') } })

export const post = async (server, path, body) => {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}
export const json = async (server, path, accept = 'application/json') =>
  (await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { accept } })).json()
export const podCount = async (server) => {
  const { items, metadata } = await json(server, '/api/v1/namespaces/default/pods?limit=1')
  return items.length + (metadata.remainingItemCount ?? 0)
}
