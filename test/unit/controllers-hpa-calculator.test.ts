import { describe, expect, it, test } from 'vitest'
import { millisText } from '../../src/api/meta/quantity.ts'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { groupPods, requestsOf } from '../../src/controllers/horizontalpodautoscaler/group-pods.ts'
import {
  replicasForExternal,
  replicasForExternalAverage,
  replicasForObject,
  replicasForObjectAverage,
  replicasForPodsMetric,
  replicasForUtilization,
  type Scene,
} from '../../src/controllers/horizontalpodautoscaler/replica-calculator.ts'
import { type Figures, MAX_INT64, NOW, podsOf, sourceOf } from '../support/autoscaler-figures.ts'

function calculate(given: Figures) {
  const [scaleDown, scaleUp] = given.tolerances ?? [0.1, 0.1]
  const scene: Scene = { namespace: 'default', pods: podsOf(given), metrics: sourceOf(given), tolerances: { scaleDown, scaleUp }, now: NOW }
  const { current, cpu, pods, object, objectAverage, external, externalAverage } = given
  const metric = { name: 'qps' }
  const described = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'some-deployment' }
  if (cpu !== undefined) return replicasForUtilization(scene, current, cpu.target, 'cpu', cpu.container)
  if (pods !== undefined) return replicasForPodsMetric(scene, current, pods.target, metric)
  if (object !== undefined) return replicasForObject(scene, current, object.target, metric, described)
  if (objectAverage !== undefined) return replicasForObjectAverage(scene, current, objectAverage.target, metric, described)
  if (external !== undefined) return replicasForExternal(scene, current, external.target, metric)
  return replicasForExternalAverage(scene, current, externalAverage!.target, metric)
}

interface Row {
  readonly name: string
  readonly given: Figures
  /** An error text contains it. */
  readonly expect: string | { readonly replicas: number; readonly usage: bigint; readonly utilization?: number }
}

// Upstream's situations: replica_calculator_test.go.
const rows: Row[] = [
  {
    name: 'disjoint resources metrics',
    given: { current: 1, cpu: { requests: [1000], levels: [[100, 100]], target: 100 }, names: ['an-older-pod-name'] },
    expect: 'no metrics returned matched known pods',
  },
  {
    name: 'scale up',
    given: {
      current: 3,
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [300, 300],
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 5, usage: 1000n, utilization: 50 },
  },
  {
    name: 'container scale up',
    given: {
      current: 3,
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [1000, 300],
          [1000, 500],
          [1000, 700],
        ],
        target: 30,
        container: 'container2',
      },
    },
    expect: { replicas: 5, usage: 500n, utilization: 50 },
  },
  {
    name: 'scale up unready less scale',
    given: {
      current: 3,
      ready: 'FTT',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [300, 300],
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 4, usage: 1200n, utilization: 60 },
  },
  {
    name: 'scale up overflow',
    given: { current: 3, object: { levels: [MAX_INT64], target: 1n } },
    expect: { replicas: 2 ** 31 - 1, usage: MAX_INT64 },
  },
  {
    name: 'scale up container hot cpu less scale',
    given: {
      current: 3,
      start: 'hcc',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [0, 300],
          [0, 500],
          [0, 700],
        ],
        target: 30,
        container: 'container2',
      },
    },
    expect: { replicas: 4, usage: 600n, utilization: 60 },
  },
  {
    name: 'scale up hot cpu less scale',
    given: {
      current: 3,
      start: 'hcc',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [300, 300],
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 4, usage: 1200n, utilization: 60 },
  },
  {
    name: 'scale up unready no scale',
    given: {
      current: 3,
      ready: 'TFF',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [400, 400],
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 3, usage: 800n, utilization: 40 },
  },
  {
    name: 'external per pod metric replica overflow',
    given: { current: 1, externalAverage: { levels: [MAX_INT64], target: 1n } },
    expect: { replicas: 2 ** 31 - 1, usage: MAX_INT64 },
  },
  {
    name: 'external per pod metric usage overflow',
    given: { current: 1, externalAverage: { levels: [MAX_INT64], target: MAX_INT64 } },
    expect: { replicas: 1, usage: MAX_INT64 },
  },
  {
    name: 'scale hot cpu no scale',
    given: {
      current: 3,
      ready: 'TFF',
      start: 'chh',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [400, 400],
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 3, usage: 800n, utilization: 40 },
  },
  {
    name: 'scale up ignores failed pods',
    given: {
      current: 2,
      ready: 'TTFF',
      phase: 'RRFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 4, usage: 1200n, utilization: 60 },
  },
  {
    name: 'missing container metric scale up ignores failed pods',
    given: {
      current: 2,
      ready: 'TTFF',
      phase: 'RRFF',
      cpu: { requests: [1000, 1000, 1000, 1000], levels: [[1000, 500], [9000, 700], [1000], [9000]], target: 30, container: 'container2' },
    },
    expect: { replicas: 4, usage: 600n, utilization: 60 },
  },
  {
    name: 'scale up container ignores failed pods',
    given: {
      current: 2,
      ready: 'TTFF',
      phase: 'RRFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [1000, 500],
          [9000, 700],
        ],
        target: 30,
        container: 'container2',
      },
    },
    expect: { replicas: 4, usage: 600n, utilization: 60 },
  },
  {
    name: 'scale up ignores deletion pods',
    given: {
      current: 2,
      ready: 'TTFF',
      phase: 'RRRR',
      going: '--xx',
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [500, 500],
          [700, 700],
        ],
        target: 30,
      },
    },
    expect: { replicas: 4, usage: 1200n, utilization: 60 },
  },
  {
    name: 'scale up container ignores deletion pods',
    given: {
      current: 2,
      ready: 'TTFF',
      phase: 'RRRR',
      going: '--xx',
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [500, 500],
          [700, 700],
        ],
        target: 30,
        container: 'container1',
      },
    },
    expect: { replicas: 4, usage: 600n, utilization: 60 },
  },
  {
    name: 'scale up pods metric',
    given: { current: 3, pods: { levels: [20000n, 10000n, 30000n], target: 15000n } },
    expect: { replicas: 4, usage: 20000n },
  },
  {
    name: 'scale up pods metric unready hot cpu no less scale',
    given: { current: 3, ready: 'TTF', start: 'cch', pods: { levels: [50000n, 10000n, 30000n], target: 15000n } },
    expect: { replicas: 6, usage: 30000n },
  },
  {
    name: 'scale up pods metric unready hot cpu scale would scale down',
    given: { current: 3, ready: 'FTF', start: 'hch', pods: { levels: [50000n, 15000n, 30000n], target: 15000n } },
    expect: { replicas: 7, usage: 31666n },
  },
  { name: 'scale up object', given: { current: 3, object: { levels: [20000n], target: 15000n } }, expect: { replicas: 4, usage: 20000n } },
  {
    name: 'scale up pods metric per pod object',
    given: { current: 3, objectAverage: { levels: [20000n], target: 5000n } },
    expect: { replicas: 4, usage: 6667n },
  },
  {
    name: 'scale up object ignores unready pods',
    given: { current: 3, ready: 'FTF', object: { levels: [50000n], target: 10000n } },
    expect: { replicas: 5, usage: 50000n },
  },
  { name: 'scale up external', given: { current: 1, pods: { levels: [8600n], target: 4400n } }, expect: { replicas: 2, usage: 8600n } },
  {
    name: 'scale up external ignores unready pods',
    given: { current: 3, ready: 'FTF', external: { levels: [8600n], target: 4400n } },
    expect: { replicas: 2, usage: 8600n },
  },
  {
    name: 'scale up external no labels',
    given: { current: 1, pods: { levels: [8600n], target: 4400n } },
    expect: { replicas: 2, usage: 8600n },
  },
  {
    name: 'scale up per pod external',
    given: { current: 3, externalAverage: { levels: [8600n], target: 2150n } },
    expect: { replicas: 4, usage: 2867n },
  },
  {
    name: 'scale down',
    given: {
      current: 5,
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [300, 300],
          [500, 500],
          [250, 250],
          [250, 250],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 560n, utilization: 28 },
  },
  {
    name: 'container scale down',
    given: {
      current: 5,
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 250],
          [1000, 250],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 3, usage: 280n, utilization: 28 },
  },
  {
    name: 'scale down pods metric',
    given: { current: 5, pods: { levels: [12000n, 12000n, 12000n, 12000n, 12000n], target: 20000n } },
    expect: { replicas: 3, usage: 12000n },
  },
  {
    name: 'scale down per pod object',
    given: { current: 5, objectAverage: { levels: [6000n], target: 2000n } },
    expect: { replicas: 3, usage: 1200n },
  },
  {
    name: 'scale down object',
    given: { current: 5, object: { levels: [12000n], target: 20000n } },
    expect: { replicas: 3, usage: 12000n },
  },
  {
    name: 'scale down external',
    given: { current: 5, external: { levels: [8600n], target: 14334n } },
    expect: { replicas: 3, usage: 8600n },
  },
  {
    name: 'scale down per pod external',
    given: { current: 5, externalAverage: { levels: [8600n], target: 2867n } },
    expect: { replicas: 3, usage: 1720n },
  },
  {
    name: 'scale down exclude unready pods',
    given: {
      current: 5,
      ready: 'TTTFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [300, 300],
          [500, 500],
          [250, 250],
          [250, 250],
        ],
        target: 50,
      },
    },
    expect: { replicas: 2, usage: 600n, utilization: 30 },
  },
  {
    name: 'scale down container exclude unready pods',
    given: {
      current: 5,
      ready: 'TTTFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 250],
          [1000, 250],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 2, usage: 300n, utilization: 30 },
  },
  {
    name: 'scale down exclude unscheduled pods',
    given: {
      current: 5,
      ready: 'TFFFF',
      phase: 'RPPPP',
      cpu: { requests: [1000, 1000, 1000, 1000, 1000], levels: [[100, 100]], target: 50 },
    },
    expect: { replicas: 1, usage: 200n, utilization: 10 },
  },
  {
    name: 'scale down container exclude unscheduled pods',
    given: {
      current: 5,
      ready: 'TFFFF',
      phase: 'RPPPP',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 250],
          [1000, 250],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 1, usage: 100n, utilization: 10 },
  },
  {
    name: 'scale down ignore hot cpu pods',
    given: {
      current: 5,
      start: 'ccchh',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [300, 300],
          [500, 500],
          [250, 250],
          [250, 250],
        ],
        target: 50,
      },
    },
    expect: { replicas: 2, usage: 600n, utilization: 30 },
  },
  {
    name: 'scale down container ignore hot cpu pods',
    given: {
      current: 5,
      start: 'ccchh',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 1000],
          [1000, 1000],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 2, usage: 300n, utilization: 30 },
  },
  {
    name: 'scale down ignores failed pods',
    given: {
      current: 5,
      ready: 'TTTTTFF',
      phase: 'RRRRRFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [300, 300],
          [500, 500],
          [250, 250],
          [250, 250],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 560n, utilization: 28 },
  },
  {
    name: 'scale down container ignores failed pods',
    given: {
      current: 5,
      ready: 'TTTTTFF',
      phase: 'RRRRRFF',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 250],
          [1000, 250],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 3, usage: 280n, utilization: 28 },
  },
  {
    name: 'scale down ignores deletion pods',
    given: {
      current: 5,
      ready: 'TTTTTFF',
      phase: 'RRRRRRR',
      going: '-----xx',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [300, 300],
          [500, 500],
          [250, 250],
          [250, 250],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 560n, utilization: 28 },
  },
  {
    name: 'scale down ignores deletion pods stillrunning',
    given: {
      current: 5,
      ready: 'TTTTTFF',
      phase: 'RRRRRRR',
      going: '-----xx',
      cpu: {
        requests: [1000, 1000, 1000, 1000, 1000, 1000, 1000],
        levels: [
          [1000, 100],
          [1000, 300],
          [1000, 500],
          [1000, 250],
          [1000, 250],
        ],
        target: 50,
        container: 'container2',
      },
    },
    expect: { replicas: 3, usage: 280n, utilization: 28 },
  },
  {
    name: 'tolerance',
    given: {
      current: 3,
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [1010, 1010],
          [1030, 1030],
          [1020, 1020],
        ],
        target: 100,
      },
    },
    expect: { replicas: 3, usage: 2040n, utilization: 102 },
  },
  {
    name: 'tolerance pods metric',
    given: { current: 3, pods: { levels: [20000n, 21000n, 21000n], target: 20000n } },
    expect: { replicas: 3, usage: 20666n },
  },
  { name: 'tolerance object', given: { current: 3, object: { levels: [20666n], target: 20000n } }, expect: { replicas: 3, usage: 20666n } },
  {
    name: 'tolerance per pod object',
    given: { current: 4, objectAverage: { levels: [20166n], target: 5000n } },
    expect: { replicas: 4, usage: 5042n },
  },
  {
    name: 'tolerance external',
    given: { current: 3, external: { levels: [8600n], target: 8888n } },
    expect: { replicas: 3, usage: 8600n },
  },
  {
    name: 'tolerance per pod external',
    given: { current: 3, externalAverage: { levels: [8600n], target: 2900n } },
    expect: { replicas: 3, usage: 2867n },
  },
  {
    name: 'outside of a 0% tolerance',
    given: {
      current: 3,
      tolerances: [0, 0],
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [909, 909],
          [1010, 1010],
          [1111, 1111],
        ],
        target: 100,
      },
    },
    expect: { replicas: 4, usage: 2020n, utilization: 101 },
  },
  {
    name: 'within a 200% scale-up tolerance',
    given: {
      current: 3,
      tolerances: [0.1, 2],
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [1890, 1890],
          [1910, 1910],
          [1900, 1900],
        ],
        target: 100,
      },
    },
    expect: { replicas: 3, usage: 3800n, utilization: 190 },
  },
  {
    name: 'outside 8% scale-up tolerance (and superfluous scale-down tolerance)',
    given: {
      current: 3,
      tolerances: [2, 0.08],
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [1100, 1100],
          [1080, 1080],
          [1090, 1090],
        ],
        target: 100,
      },
    },
    expect: { replicas: 4, usage: 2180n, utilization: 109 },
  },
  {
    name: 'within a 36% scale-down tolerance',
    given: {
      current: 3,
      tolerances: [0.36, 0.1],
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [660, 660],
          [640, 640],
          [650, 650],
        ],
        target: 100,
      },
    },
    expect: { replicas: 3, usage: 1300n, utilization: 65 },
  },
  {
    name: 'outside a 34% scale-down tolerance',
    given: {
      current: 3,
      tolerances: [0.34, 0.1],
      cpu: {
        requests: [900, 1000, 1100],
        levels: [
          [660, 660],
          [640, 640],
          [650, 650],
        ],
        target: 100,
      },
    },
    expect: { replicas: 2, usage: 1300n, utilization: 65 },
  },
  {
    name: 'configurable tolerance pods metric',
    given: { current: 3, tolerances: [0.1, 0.01], pods: { levels: [20000n, 21000n, 21000n], target: 20000n } },
    expect: { replicas: 4, usage: 20666n },
  },
  {
    name: 'configurable tolerance object',
    given: { current: 3, tolerances: [0.1, 0.01], object: { levels: [20666n], target: 20000n } },
    expect: { replicas: 4, usage: 20666n },
  },
  {
    name: 'configurable tolerance per pod object',
    given: { current: 4, tolerances: [0.1, 0.01], objectAverage: { levels: [20208n], target: 5000n } },
    expect: { replicas: 5, usage: 5052n },
  },
  {
    name: 'configurable tolerance external',
    given: { current: 3, tolerances: [0.1, 0.01], external: { levels: [8900n], target: 8800n } },
    expect: { replicas: 4, usage: 8900n },
  },
  {
    name: 'configurable tolerance per pod external',
    given: { current: 3, tolerances: [0.1, 0.01], externalAverage: { levels: [8600n], target: 2800n } },
    expect: { replicas: 4, usage: 2867n },
  },
  {
    name: 'superfluous metrics',
    given: {
      current: 4,
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [4000, 4000],
          [9500, 9500],
          [3000, 3000],
          [7000, 7000],
          [3200, 3200],
          [2000, 2000],
        ],
        target: 100,
      },
    },
    expect: { replicas: 24, usage: 11750n, utilization: 587 },
  },
  {
    name: 'missing metrics',
    given: {
      current: 4,
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [400, 400],
          [95, 95],
        ],
        target: 100,
      },
    },
    expect: { replicas: 3, usage: 495n, utilization: 24 },
  },
  {
    name: 'empty metrics',
    given: { current: 4, cpu: { requests: [1000, 1000, 1000], levels: [], target: 100 } },
    expect: 'unable to get metrics for resource cpu: no metrics returned from resource metrics API',
  },
  {
    name: 'empty c p u request',
    given: { current: 1, cpu: { requests: [], levels: [[200, 200]], target: 100 } },
    expect: 'missing request for',
  },
  {
    name: 'plain metric replica calc missing metrics no change eq',
    given: { current: 5, pods: { levels: [20000n, 19000n, 21000n], target: 20000n } },
    expect: { replicas: 5, usage: 20000n },
  },
  {
    name: 'missing metrics no change eq',
    given: { current: 2, cpu: { requests: [1000, 1000], levels: [[1000, 1000]], target: 100 } },
    expect: { replicas: 2, usage: 2000n, utilization: 100 },
  },
  {
    name: 'missing metrics no change gt',
    given: { current: 2, cpu: { requests: [1000, 1000], levels: [[1900, 1900]], target: 100 } },
    expect: { replicas: 2, usage: 3800n, utilization: 190 },
  },
  {
    name: 'missing metrics no change lt',
    given: { current: 2, cpu: { requests: [1000, 1000], levels: [[600, 600]], target: 100 } },
    expect: { replicas: 2, usage: 1200n, utilization: 60 },
  },
  {
    name: 'missing metrics unready change',
    given: {
      current: 3,
      ready: 'FTT',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [100, 100],
          [450, 450],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 900n, utilization: 45 },
  },
  {
    name: 'missing metrics hot cpu no change',
    given: {
      current: 3,
      start: 'hcc',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [100, 100],
          [450, 450],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 900n, utilization: 45 },
  },
  {
    name: 'missing metrics unready scale up',
    given: {
      current: 3,
      ready: 'FTT',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [100, 100],
          [2000, 2000],
        ],
        target: 50,
      },
    },
    expect: { replicas: 4, usage: 4000n, utilization: 200 },
  },
  {
    name: 'missing metrics hot cpu scale up',
    given: {
      current: 3,
      ready: 'FTT',
      start: 'hcc',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [100, 100],
          [2000, 2000],
        ],
        target: 50,
      },
    },
    expect: { replicas: 4, usage: 4000n, utilization: 200 },
  },
  {
    name: 'missing metrics unready scale down',
    given: {
      current: 4,
      ready: 'FTTT',
      cpu: {
        requests: [1000, 1000, 1000, 1000],
        levels: [
          [100, 100],
          [100, 100],
          [100, 100],
        ],
        target: 50,
      },
    },
    expect: { replicas: 3, usage: 200n, utilization: 10 },
  },
  {
    name: 'missing metrics scale down target over100',
    given: {
      current: 4,
      ready: 'FTTT',
      cpu: {
        requests: [1000, 1000, 2000, 2000],
        levels: [
          [200, 200],
          [100, 100],
          [100, 100],
        ],
        target: 300,
      },
    },
    expect: { replicas: 2, usage: 200n, utilization: 6 },
  },
  {
    name: 'during rolling update with max surge',
    given: {
      current: 2,
      phase: 'RRR',
      cpu: {
        requests: [1000, 1000, 1000],
        levels: [
          [100, 100],
          [100, 100],
        ],
        target: 50,
      },
    },
    expect: { replicas: 2, usage: 200n, utilization: 10 },
  },
  {
    name: 'during rolling update with max surge pods metric',
    given: { current: 2, phase: 'RRR', pods: { levels: [10000n, 10000n], target: 17000n } },
    expect: { replicas: 2, usage: 10000n },
  },
  {
    name: 'external metric usage overflow',
    given: { current: 3, external: { levels: [MAX_INT64 / 2n + 1n, MAX_INT64 / 2n + 1n], target: MAX_INT64 } },
    expect: { replicas: 3, usage: MAX_INT64 },
  },

  // Ten pods that request twice what they need, around the edge of the tolerance.
  ...[
    [56, 9],
    [55, 10],
  ].map(
    ([target, replicas]): Row => ({
      name: `half of what is requested, of ${target} %`,
      given: {
        current: 10,
        cpu: {
          requests: [400, 200, 310, 290, 302, 298, 301, 299, 300, 300],
          levels: Array.from({ length: 10 }, () => [150, 150]),
          target: target!,
        },
      },
      expect: { replicas: replicas!, usage: 300n, utilization: 50 },
    }),
  ),
  {
    name: 'from zero by an object',
    given: { current: 0, object: { levels: [25000n], target: 10000n } },
    expect: { replicas: 3, usage: 25000n },
  },
  {
    name: 'from zero by what is outside',
    given: { current: 0, external: { levels: [0n], target: 10000n } },
    expect: { replicas: 0, usage: 0n },
  },
  {
    name: 'a share among none',
    given: { current: 0, externalAverage: { levels: [50n], target: 10n } },
    expect: { replicas: 5, usage: MAX_INT64 },
  },
]

test.each(rows)('$name', ({ given, expect: expected }) => {
  if (typeof expected === 'string') expect(() => calculate(given)).toThrow(expected)
  else expect(calculate(given)).toEqual(expected)
})

it('says which metric it could not get, as upstream in a muddle for objects', () => {
  expect(() => calculate({ current: 1, object: { levels: [], target: 1n } })).toThrow(
    'unable to get metric qps: Deployment on default some-deployment/no metrics returned from custom metrics API',
  )
  expect(() => calculate({ current: 1, external: { levels: [], target: 1n } })).toThrow(
    'unable to get external metric default/qps/nil: no metrics returned from external metrics API',
  )
})

describe('groups of pods', () => {
  const ago = (seconds: number) => timestamp(NOW - seconds * 1000)
  interface GroupRow {
    readonly name: string
    readonly resource?: string
    /** phase, started seconds ago, Ready status, turned seconds ago */
    readonly pod?: { phase?: string; started?: number; ready?: string; turned?: number; going?: boolean }
    /** measured seconds ago, over so many seconds */
    readonly metric?: readonly [number, number] | undefined
    readonly expect: 'ready' | 'unready' | 'missing' | 'ignored' | 'none'
  }
  const groups: GroupRow[] = [
    { name: 'none', expect: 'none' },
    { name: 'memory asks for no readiness', resource: 'memory', pod: { phase: 'Succeeded' }, metric: [0, 60], expect: 'ready' },
    { name: 'cpu of a pod without a Ready condition', pod: { started: 0 }, metric: [0, 60], expect: 'unready' },
    { name: 'cpu of a pod that did not start', pod: { ready: 'True', turned: 600 }, metric: [0, 60], expect: 'unready' },
    { name: 'young, measured since it is ready', pod: { started: 60, ready: 'True', turned: 30 }, metric: [0, 30], expect: 'ready' },
    { name: 'young, measured before it was ready', pod: { started: 60, ready: 'True', turned: 30 }, metric: [0, 60], expect: 'unready' },
    { name: 'young, not ready', pod: { started: 60, ready: 'False', turned: 30 }, metric: [0, 30], expect: 'unready' },
    { name: 'young, of unknown readiness', pod: { started: 60, ready: 'Unknown', turned: 30 }, metric: [0, 30], expect: 'ready' },
    { name: 'old, ready', pod: { started: 600, ready: 'True', turned: 590 }, metric: [0, 60], expect: 'ready' },
    { name: 'old, ready just now', pod: { started: 600, ready: 'True', turned: 1 }, metric: [0, 60], expect: 'ready' },
    { name: 'old, was ready once', pod: { started: 600, ready: 'False', turned: 170 }, metric: [0, 60], expect: 'ready' },
    { name: 'old, never ready', pod: { started: 600, ready: 'False', turned: 590 }, metric: [0, 60], expect: 'unready' },
    { name: 'old, not ready for just too long', pod: { started: 600, ready: 'False', turned: 570 }, metric: [0, 60], expect: 'ready' },
    { name: 'no metric', pod: { started: 600, ready: 'True', turned: 590 }, expect: 'missing' },
    { name: 'pending', pod: { phase: 'Pending' }, expect: 'unready' },
    { name: 'pending, measured', pod: { phase: 'Pending', started: 10, ready: 'False', turned: 5 }, metric: [0, 60], expect: 'unready' },
    { name: 'failed', pod: { phase: 'Failed' }, metric: [0, 60], expect: 'ignored' },
    { name: 'going', pod: { going: true, started: 600, ready: 'True', turned: 590 }, metric: [0, 60], expect: 'ignored' },
    { name: 'going while pending', pod: { going: true, phase: 'Pending' }, expect: 'ignored' },
    {
      name: 'no resource asks for no readiness',
      resource: '',
      pod: { started: 1, ready: 'False', turned: 1 },
      metric: [0, 60],
      expect: 'ready',
    },
  ]
  test.each(groups)('$name', ({ resource = 'cpu', pod, metric, expect: expected }) => {
    const metrics = new Map(metric === undefined ? [] : [['p', { value: 1n, at: NOW - metric[0] * 1000, windowMs: metric[1] * 1000 }]])
    const pods = pod === undefined ? [] : [podWith(pod)]
    const { readyCount, unready, missing, ignored } = groupPods(pods, metrics, resource, NOW)
    const counts = { ready: readyCount, unready: unready.size, missing: missing.size, ignored: ignored.size, none: 0 }
    const all = Object.entries(counts).filter(([, count]) => count > 0)
    expect(all).toEqual(expected === 'none' ? [] : [[expected, 1]])
  })

  function podWith({ phase = 'Running', started, ready, turned, going }: NonNullable<GroupRow['pod']>): Pod {
    const condition = { type: 'Ready', status: ready, lastTransitionTime: ago(turned ?? 0) }
    return {
      metadata: { name: 'p', ...(going && { deletionTimestamp: ago(0) }) },
      spec: { containers: [] },
      status: {
        phase,
        ...(started !== undefined && { startTime: ago(started) }),
        conditions: ready === undefined ? [] : [condition],
      },
    } as unknown as Pod
  }
})

describe('what pods request', () => {
  const container = (name: string, cpu?: string, rest: Partial<Container> = {}): Container =>
    ({ name, image: 'i', ...(cpu && { resources: { requests: { cpu } } }), ...rest }) as Container
  const two = [container('c1', '100m'), container('c2', '50m')]
  const sidecar = container('s', '50m', { restartPolicy: 'Always' })
  const init = container('i', '20m')
  interface RequestRow {
    readonly name: string
    readonly containers: readonly Container[]
    readonly inits?: readonly Container[]
    readonly pod?: Record<string, string>
    readonly container?: string
    readonly expect: bigint | string
  }
  const requests: RequestRow[] = [
    { name: 'all containers', containers: two, expect: 150n },
    { name: 'the whole pod’s, where it says so', containers: two, pod: { cpu: '800m' }, expect: 800n },
    { name: 'the whole pod’s says nothing of this one', containers: two, pod: { memory: '1Gi' }, expect: 150n },
    {
      name: 'the whole pod’s says nothing, nor do all containers',
      containers: [container('c1')],
      pod: { memory: '1Gi' },
      expect: 'missing pod-level request for cpu in Pod p',
    },
    {
      name: 'one container says nothing',
      containers: [container('c1'), two[1]!],
      expect: 'missing request for cpu in container c1 of Pod p',
    },
    { name: 'one container says nothing, but the pod does', containers: [container('c1'), two[1]!], pod: { cpu: '800m' }, expect: 800n },
    { name: 'one container', containers: two, container: 'c1', expect: 100n },
    { name: 'one container, whatever the pod says', containers: two, pod: { cpu: '800m' }, container: 'c1', expect: 100n },
    { name: 'one container beside one that says nothing', containers: [container('c1'), two[1]!], container: 'c2', expect: 50n },
    {
      name: 'one container that says nothing',
      containers: [container('c1'), two[1]!],
      container: 'c1',
      expect: 'missing request for cpu in container c1 of Pod p',
    },
    { name: 'a sidecar counts, an init container doesn’t', containers: [two[0]!], inits: [init, sidecar], expect: 150n },
    { name: 'one sidecar', containers: [two[0]!], inits: [init, sidecar], container: 's', expect: 50n },
    { name: 'a container that isn’t there', containers: two, container: 'none', expect: 'container none not found in Pod p' },
  ]
  test.each(requests)('$name', ({ containers, inits = [], pod, container, expect: expected }) => {
    const spec = { containers, initContainers: inits, ...(pod && { resources: { requests: pod } }) }
    const read = () => requestsOf([{ metadata: { name: 'p' }, spec } as unknown as Pod], container, 'cpu')
    if (typeof expected === 'string') expect(read).toThrow(expected)
    else expect(read()).toEqual(new Map([['p', expected]]))
  })

  it('of none is nothing', () => expect(requestsOf([], undefined, 'cpu').size).toBe(0))
})

describe('amounts', () => {
  test.each([
    [500n, 'DecimalSI', '500m'],
    [1500n, 'DecimalSI', '1500m'],
    [2000n, 'DecimalSI', '2'],
    [0n, 'DecimalSI', '0'],
    [1_073_741_824_000n, 'BinarySI', '1Gi'],
    [1_048_576_000n, 'BinarySI', '1Mi'],
    [1_000_000n, 'BinarySI', '1k'],
    [512_000n, 'BinarySI', '512'],
    [0n, 'BinarySI', '0'],
  ] as const)('%d thousandths in %s are %s', (millis, format, text) => expect(millisText(millis, format)).toBe(text))
})
