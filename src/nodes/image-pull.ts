/**
 * What is told of images, and which can't be had: those an annotation, a tag or a registry of the reserved domain says so of, and names that are none.
 * A pull is tried again after 10 s, 20 s … 5 min. Upstream: pkg/kubelet/images/image_manager.go.
 */
import type { Container, ContainerStatus, Pod } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { normalizedImage } from './container-identity.ts'
import { goDuration } from './crash-loop-backoff.ts'
import { type ImageStore, imageBytes, pullMs } from './node-images.ts'

type Tell = (type: PlannedEvent['type'], reason: string, message: string) => void

export interface PullAttempt {
  /** When the container may first start, in milliseconds since the epoch. */
  readonly since: number
  readonly now: number
  readonly tell: Tell
  /** Asks for another look at this instant. */
  readonly wakeAt: (milliseconds: number) => void
}

const FIRST_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 300_000
/** How long a container is seen to have failed before it is seen to wait. */
const FAILURE_SHOWN_MS = 1000

/** Tags that promise to be missing. */
const MISSING_TAG = /:(?:does-?not-?exist|missing|non-?existent|no-such-tag)$/i
const MISSING_REGISTRY = /^invalid\.[^/]*\//
/** Upstream: distribution/reference. */
const REFERENCE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$/

/** The status of a container that waits for its image; undefined when it is there. */
export function withoutImage(pod: Pod, container: Container, status: ContainerStatus, attempt: PullAttempt): ContainerStatus | undefined {
  const image = container.image ?? ''
  const quoted = JSON.stringify(image)
  if (!REFERENCE.test(image)) {
    const message = `Failed to apply default image tag ${quoted}: couldn't parse image name ${quoted}: invalid reference format`
    return once(status, 'InvalidImageName', message, 'InspectFailed', attempt.tell)
  }
  const isMissing = behaviourAnnotations(pod, container.name).failsImagePull || MISSING_TAG.test(image) || MISSING_REGISTRY.test(image)
  if (!isMissing) return undefined
  if (container.imagePullPolicy === 'Never') {
    const message = `Container image ${quoted} is not present with pull policy of Never`
    return once(status, 'ErrImageNeverPull', message, 'ErrImageNeverPull', attempt.tell)
  }
  return pulling(image, status, attempt)
}

function once(status: ContainerStatus, reason: string, message: string, event: string, tell: Tell): ContainerStatus {
  const { waiting } = status.state ?? {}
  if (waiting?.reason === reason && waiting.message === message) return status
  tell('Warning', event, message)
  tell('Warning', 'Failed', `Error: ${reason}`)
  return { ...status, state: { waiting: { reason, message } } }
}

function pulling(image: string, status: ContainerStatus, { since, now, tell, wakeAt }: PullAttempt): ContainerStatus {
  const quoted = JSON.stringify(image)
  const cause = `failed to pull and unpack image "${normalizedImage(image)}": not found`
  const { triedAt, nextAt } = attemptAt(since, now)
  const isJustTried = now < triedAt + FAILURE_SHOWN_MS
  wakeAt(isJustTried ? triedAt + FAILURE_SHOWN_MS : nextAt)
  const shown = status.state?.waiting?.reason
  // Another image is tried at once.
  if (shown !== undefined && status.containerID === undefined && status.image !== image) {
    wakeAt(now + FAILURE_SHOWN_MS)
    tellOfFailure(quoted, cause, tell)
    return { ...status, image, state: { waiting: { reason: 'ErrImagePull', message: cause } } }
  }
  const reason = isJustTried ? 'ErrImagePull' : 'ImagePullBackOff'
  if (shown === reason) return status
  if (isJustTried || shown !== 'ErrImagePull') {
    tellOfFailure(quoted, cause, tell)
  }
  if (isJustTried) return { ...status, state: { waiting: { reason, message: cause } } }
  tell('Normal', 'BackOff', `Back-off pulling image ${quoted}`)
  tell('Warning', 'Failed', 'Error: ImagePullBackOff')
  return { ...status, state: { waiting: { reason, message: `Back-off pulling image ${quoted}: ErrImagePull: ${cause}` } } }
}

function tellOfFailure(quoted: string, cause: string, tell: Tell): void {
  tell('Normal', 'Pulling', `Pulling image ${quoted}`)
  tell('Warning', 'Failed', `Failed to pull image ${quoted}: ${cause}`)
  tell('Warning', 'Failed', 'Error: ErrImagePull')
}

/** When it was tried last, and is tried next. */
function attemptAt(since: number, now: number): { triedAt: number; nextAt: number } {
  let triedAt = since
  let pause = FIRST_PAUSE_MS
  while (pause < LONGEST_PAUSE_MS && triedAt + pause <= now) {
    triedAt += pause
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  }
  if (triedAt + pause <= now) triedAt += Math.floor((now - triedAt) / pause) * pause
  return { triedAt, nextAt: triedAt + pause }
}

/** What is told of an image that is there, or can be had, before its container is started. */
export function tellOfImage(pod: Pod, { name, image = '', imagePullPolicy }: Container, images: ImageStore, tell: Tell): void {
  const quoted = JSON.stringify(image)
  // Where nothing must be pulled, the image counts as put there beforehand.
  if (imagePullPolicy === 'Never' || (imagePullPolicy !== 'Always' && images.has(image))) {
    tell('Normal', 'Pulled', `Container image ${quoted} already present on machine and can be accessed by the pod`)
    return
  }
  const took = goDuration(behaviourAnnotations(pod, name).startDelayMs || pullMs(image))
  tell('Normal', 'Pulling', `Pulling image ${quoted}`)
  const size = `Image size: ${imageBytes(image)} bytes.`
  tell('Normal', 'Pulled', `Successfully pulled image ${quoted} in ${took} (${took} including waiting). ${size}`)
  images.add(image)
}
