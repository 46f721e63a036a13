/** The annotations of pods that mean something to the API. */

import { deepEqual } from '../../../lib/deep-equal.ts'
import type { Warn } from '../../definition.ts'
import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile } from '../../types.gen.ts'
import { MAX_INT32 } from './formats.ts'
import { checkDescendingPath } from './local-path.ts'
import { eachContainer } from './os-validation.ts'
import { checkAppArmorProfile } from './security-context-validation.ts'

type Annotations = Readonly<Record<string, string>> | undefined

/** Set by the kubelet on the API's copy of a static pod. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror'
export const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost'
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
const APPARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/'

/** Upstream: validation.go ValidatePodSpecificAnnotations. */
export function checkPodAnnotations(errors: FieldError[], annotations: Annotations, spec: PodSpec, path: string): void {
  for (const key in annotations) {
    const value = annotations[key]!
    if (key === MIRROR_POD_ANNOTATION) {
      if (!spec.nodeName) {
        errors.push(invalid(`${path}[${key}]`, value, 'must set spec.nodeName if mirror pod annotation is set'))
      }
    } else if (key === DELETION_COST_ANNOTATION) {
      if (!isDeletionCost(value)) errors.push(invalid(`${path}[${key}]`, value, 'must be a 32bit integer'))
    } else if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) checkSeccompName(errors, value, `${path}.${key}`)
    else if (key.startsWith(APPARMOR_CONTAINER)) checkAppArmorName(errors, key, value, spec, path)
  }
}

/** Upstream: helper.validFirstDigit: no leading plus, no leading zeros. */
function isDeletionCost(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && Number(text) <= MAX_INT32 && Number(text) >= -MAX_INT32 - 1
}

function checkSeccompName(errors: FieldError[], name: string, path: string): void {
  if (name === 'runtime/default' || name === 'docker/default' || name === 'unconfined') return
  if (name.startsWith('localhost/')) checkDescendingPath(errors, name.slice('localhost/'.length), path)
  else errors.push(invalid(path, name, 'must be a valid seccomp profile'))
}

function checkAppArmorName(errors: FieldError[], key: string, name: string, spec: PodSpec, path: string): void {
  const container = key.slice(APPARMOR_CONTAINER.length)
  let isFound = false
  eachContainer(spec, '', (candidate) => {
    if (candidate.name === container) isFound = true
  })
  if (!isFound) errors.push(invalid(`${path}[${key}]`, container, 'container not found'))
  if (name !== '' && name !== 'runtime/default' && name !== 'unconfined' && !name.startsWith('localhost/')) {
    errors.push(invalid(`${path}[${key}]`, name, `invalid AppArmor profile name: ${JSON.stringify(name)}`))
  }
}

/**
 * In place, on create: an annotation of the time before there was a field fills in the field. Whoever still writes it is told.
 * Upstream: strategy.go applyAppArmorVersionSkew.
 */
export function setAnnotatedAppArmor({ metadata: { annotations }, spec }: Pod, warn: Warn | undefined): void {
  if (annotations === undefined || spec.os?.name === 'windows') return
  const podProfile = spec.securityContext?.appArmorProfile
  eachContainer(spec, '', (container) => {
    if (container.securityContext?.appArmorProfile) return
    for (const text of annotatedAppArmorWarning(annotations, spec, container.name, 'metadata.annotations')) warn?.(text)
    const profile = profileOf(annotations[`${APPARMOR_CONTAINER}${container.name}`])
    if (profile === undefined || deepEqual(profile, podProfile)) return
    container.securityContext = { ...container.securityContext, appArmorProfile: profile }
  })
}

/** Of an annotation for a container without the field; none when it says what the pod's own field says. */
export function annotatedAppArmorWarning(
  annotations: Readonly<Record<string, string>>,
  { securityContext }: PodSpec,
  container: string,
  path: string,
): string[] {
  const key = `${APPARMOR_CONTAINER}${container}`
  const annotation = annotations[key]
  if (annotation === undefined) return []
  const profile = profileOf(annotation)
  if (profile !== undefined && deepEqual(profile, securityContext?.appArmorProfile)) return []
  return [`${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
}

/** The key of the annotation, if there is one. @param container undefined for the pod's own */
export function seccompAnnotation(annotations: Readonly<Record<string, string>>, container: string | undefined): string | undefined {
  const key = container === undefined ? SECCOMP_POD : `${SECCOMP_CONTAINER}${container}`
  return annotations[key] === undefined ? undefined : key
}

function profileOf(annotation: string | undefined): AppArmorProfile | undefined {
  if (annotation === undefined) return undefined
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  if (!annotation.startsWith('localhost/')) return undefined
  const profile: AppArmorProfile = { type: 'Localhost', localhostProfile: annotation.slice('localhost/'.length) }
  const errors: FieldError[] = []
  checkAppArmorProfile(errors, profile, '')
  return errors.length === 0 ? profile : undefined
}

/** A profile given both ways must be the same. Upstream: validateSeccompAnnotationsAndFields and its AppArmor twin. */
export function checkAnnotatedProfiles(errors: FieldError[], annotations: Annotations, spec: PodSpec, path: string): void {
  if (annotations === undefined || !Object.keys(annotations).some(isProfileAnnotation)) return
  const { securityContext } = spec
  checkMatch(errors, 'seccomp', annotations[SECCOMP_POD], securityContext?.seccompProfile, `${path}.securityContext.seccompProfile`)
  eachContainer(spec, path, (container, at) => {
    const own = container.securityContext
    const key = `${SECCOMP_CONTAINER}${container.name}`
    checkMatch(errors, 'seccomp', annotations[key], own?.seccompProfile, `${at}.securityContext.seccompProfile`)
  })
  if (spec.os?.name === 'windows') return
  eachContainer(spec, path, (container, at) => {
    const profile = container.securityContext?.appArmorProfile ?? securityContext?.appArmorProfile
    const key = `${APPARMOR_CONTAINER}${container.name}`
    checkMatch(errors, 'apparmor', annotations[key], profile, `${at}.securityContext.appArmorProfile`)
  })
}

function isProfileAnnotation(key: string): boolean {
  return key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER) || key.startsWith(APPARMOR_CONTAINER)
}

const NAMES_OF_TYPES: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
}

function checkMatch(
  errors: FieldError[],
  system: 'seccomp' | 'apparmor',
  annotation: string | undefined,
  profile: SeccompProfile | undefined,
  path: string,
): void {
  if (annotation === undefined || !profile) return
  if (profile.type === 'Localhost') {
    if (!annotation.startsWith('localhost/')) {
      errors.push(forbidden(`${path}.type`, `${system} type in annotation and field must match`))
    } else if (annotation.slice('localhost/'.length) !== profile.localhostProfile) {
      errors.push(forbidden(`${path}.localhostProfile`, `${system} profile in annotation and field must match`))
    }
  } else if (NAMES_OF_TYPES[profile.type]?.includes(annotation) === false) {
    errors.push(forbidden(`${path}.type`, `${system} type in annotation and field must match`))
  }
}

/** Upstream: validation.go ValidatePodSpecificAnnotationUpdates. */
export function checkPodAnnotationUpdates(errors: FieldError[], next: Annotations, old: Annotations, path: string): void {
  for (const key in old) {
    if (next?.[key] === old[key]) continue
    if (key.startsWith(APPARMOR_CONTAINER)) errors.push(forbidden(`${path}[${key}]`, 'may not remove or update AppArmor annotations'))
    if (key === MIRROR_POD_ANNOTATION) {
      errors.push(forbidden(`${path}[${key}]`, 'may not remove or update mirror pod annotation'))
    }
  }
  for (const key in next) {
    if (old?.[key] !== undefined) continue
    if (key.startsWith(APPARMOR_CONTAINER)) errors.push(forbidden(`${path}[${key}]`, 'may not add AppArmor annotations'))
    if (key === MIRROR_POD_ANNOTATION) errors.push(forbidden(`${path}[${key}]`, 'may not add mirror pod annotation'))
  }
}
