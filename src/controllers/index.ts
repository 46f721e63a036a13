/** The controllers that run: a line each. */
import type { ControllerDefinition } from '../runtime/controller.ts'
import { cronJobController } from './cronjob/controller.ts'
import { daemonSetController } from './daemonset/controller.ts'
import { deploymentController } from './deployment/controller.ts'
import { jobController } from './job/controller.ts'
import { replicaSetController } from './replicaset/controller.ts'
import { replicationControllerController } from './replicationcontroller/controller.ts'
import { statefulSetController } from './statefulset/controller.ts'
import { ttlAfterFinishedController } from './ttlafterfinished/controller.ts'

export function controllers(): readonly ControllerDefinition[] {
  return [
    deploymentController,
    replicaSetController,
    replicationControllerController,
    daemonSetController(),
    statefulSetController,
    jobController,
    cronJobController,
    ttlAfterFinishedController,
  ]
}
