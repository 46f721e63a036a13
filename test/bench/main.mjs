// `npm run bench`: how fast the built server is, next to what bare Fastify and bare better-sqlite3 reach on the same machine in
// the same run. Figures depend on the machine; the shares depend on it less.
//
//     npm run bench                 everything, about five minutes
//     npm run bench -- start create fan-out

import { baselines } from './baselines.mjs'
import { clusterSection, nodesSection, placingSection } from './sections-clusters.mjs'
import { memorySection, startSection } from './sections-process.mjs'
import { createSection, getSection, listSection, updateSection } from './sections-requests.mjs'
import { fanOutSection, latencySection } from './sections-watch.mjs'
import { workloadSection } from './sections-workloads.mjs'
import { cleanUp } from './server.mjs'

const SECTIONS = {
  start: startSection,
  create: createSection,
  get: getSection,
  update: updateSection,
  list: listSection,
  latency: latencySection,
  'fan-out': fanOutSection,
  memory: memorySection,
  workloads: workloadSection,
  nodes: nodesSection,
  cluster: clusterSection,
  placing: placingSection,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in SECTIONS))
if (unknown.length > 0) {
  console.error(`No section ${unknown.join(', ')}. There are: ${Object.keys(SECTIONS).join(', ')}.`)
  process.exit(1)
}

try {
  const base = await baselines()
  for (const [name, run] of Object.entries(SECTIONS)) {
    if (asked.length === 0 || asked.includes(name)) await run(base)
  }
} finally {
  await cleanUp()
}
