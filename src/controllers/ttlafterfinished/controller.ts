/** Removes finished Jobs, and all that they own, when spec.ttlSecondsAfterFinished has passed. */
import type { Job } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import { JOBS } from '../job/job-state.ts'
import { reconcile } from './reconcile.ts'

export const ttlAfterFinishedController: ControllerDefinition<Job> = {
  name: 'ttl-after-finished',
  reconciles: JOBS,
  watches: {},
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    return reader.get<Job>(JOBS, namespace, name)
  },
  reconcile,
}
