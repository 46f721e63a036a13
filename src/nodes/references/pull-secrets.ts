import type { Pod } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { kubeletEvent } from '../kubelet-event.ts'
import { type ObjectReader, sourcesOf } from './sources.ts'

/** What comes of an image once its container is about to be made. */
const PULLS = new Set(['Pulled', 'Pulling', 'InspectFailed', 'ErrImageNeverPull'])

/**
 * Missing secrets keep no image from being pulled, but are told of whenever that is about to happen. Upstream's kubelet does so in
 * each sync of the pod. Upstream: kubelet_pods.go getPullSecretsForPod.
 */
export function tellingOfPullSecrets(
  pod: Pod,
  objects: ObjectReader | undefined,
  record: (event: PlannedEvent) => void,
): (event: PlannedEvent) => void {
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  if (objects === undefined || names.length === 0) return record
  const sources = sourcesOf(pod, objects)
  let isTold = false
  return (event) => {
    if (!isTold && PULLS.has(event.reason)) {
      isTold = true
      const missing = names.filter((name) => sources.secret(name) === undefined)
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
      if (missing.length > 0) record(kubeletEvent(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message))
    }
    record(event)
  }
}
