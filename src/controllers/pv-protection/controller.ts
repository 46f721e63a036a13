/** A volume that is deleted stays while it is bound to a claim. Upstream: pkg/controller/volume/pvprotection */
import type { PersistentVolume } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'
import { protect } from '../pvc-protection/protect.ts'

const VOLUMES = 'persistentvolumes'
const FINALIZER = 'kubernetes.io/pv-protection'

export const pvProtectionController: ControllerDefinition<PersistentVolume> = {
  name: 'persistentvolume-protection',
  reconciles: VOLUMES,
  watches: {},
  observe: (reader, name) => reader.get<PersistentVolume>(VOLUMES, '', name),
  reconcile: reconcileProtectedVolume,
}

export function reconcileProtectedVolume(volume: PersistentVolume): Plan {
  return protect(VOLUMES, volume, FINALIZER, volume.status?.phase === 'Bound' ? 'it is bound to a claim' : undefined)
}
