import { expect, test } from 'vitest'
import { DEFAULT_FEATURE_GATES } from '../../src/api/feature-gates.ts'
import { loadDefinitions } from '../../src/api/index.ts'
import { HELP, readConfig } from '../../src/config.ts'
import { controllers } from '../../src/controllers/index.ts'
import { CONTROLLER_NAMES, enabledControllers } from '../../src/controllers/switches.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { nodeAgentController } from '../../src/nodes/agent/controller.ts'
import { nodeChurnController } from '../../src/nodes/churn/controller.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { kubeletController } from '../../src/nodes/kubelet/controller.ts'
import { schedulerController } from '../../src/scheduler/controller.ts'

const TOOLS = { random: new SeededRandom(1), startedAt: 0 }

const all = [...CONTROLLER_NAMES]
const without = (...names: string[]) => all.filter((name) => !names.includes(name))

test.each<{ name: string; given: string[]; expect: string[] | string }>([
  { name: 'everything', given: ['*'], expect: all },
  { name: 'everything but one', given: ['*', '-job'], expect: without('job') },
  { name: 'in any order', given: ['-job', '*'], expect: without('job') },
  { name: 'only what is named', given: ['job', 'namespace'], expect: ['job', 'namespace'] },
  { name: 'nothing', given: [], expect: [] },
  { name: 'only exceptions: nothing is left', given: ['-job'], expect: [] },
  { name: 'names in full', given: ['*', '-job-controller', '-deployment-controller'], expect: without('job', 'deployment') },
  {
    name: 'aliases',
    given: ['garbagecollector', 'podgc', 'pvc-protection', 'kube-scheduler', 'attachdetach', 'resource-claim-controller'],
    expect: [
      'garbage-collector',
      'persistentvolume-attach-detach',
      'persistentvolumeclaim-protection',
      'pod-garbage-collector',
      'resourceclaim',
      'scheduler',
    ],
  },
  { name: 'said twice: the first holds', given: ['-job', 'job', '*'], expect: without('job') },
  { name: 'one there is none of', given: ['*', '-jobs'], expect: '-jobs' },
  { name: 'no star of its own', given: ['-*'], expect: '-*' },
])('$name', ({ given, expect: expected }) => {
  const enabled = enabledControllers(given)
  expect('unknown' in enabled ? enabled.unknown : [...enabled]).toEqual(expected)
})

test('the flag', () => {
  const controllersOf = (args: string[], environment = {}) => {
    const config = readConfig(args, environment)
    return typeof config === 'string' ? config : [...config.controllers]
  }
  expect(controllersOf([])).toEqual(all)
  expect(controllersOf(['--controllers=*, -job'])).toEqual(without('job'))
  expect(controllersOf([], { CORACLE_CONTROLLERS: 'job' })).toEqual(['job'])
  expect(() => controllersOf(['--controllers=*,-jobb'])).toThrow(
    '--controllers: there is no controller "-jobb". --help lists those there are.',
  )
  for (const name of all) expect(HELP).toMatch(new RegExp(`^ .*\\b${name}\\b`, 'm'))
})

test('the names are those of the controllers', () => {
  const definitions = [
    ...controllers({
      definitions: loadDefinitions(),
      featureGates: DEFAULT_FEATURE_GATES,
      startedAt: 0,
      rootCertificate: '',
      addresses: { clusterRanges: [], serviceRanges: [] },
      advertised: () => ({ address: '10.0.0.1', port: 443, clusterIP: '10.96.0.1' }),
    }),
    schedulerController(),
    kubeletController(new SimulatedRuntime(), TOOLS),
    nodeAgentController('v1.36.0', TOOLS),
    nodeChurnController(),
  ]
  expect([...new Set(definitions.map(({ name, partOf = name }) => partOf))].sort()).toEqual(all)
})
