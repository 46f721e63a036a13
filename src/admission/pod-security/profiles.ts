/** The checks of AppArmor, SELinux and seccomp, which pods set in one place and containers in another. */
import type { SELinuxOptions } from '../../api/types.gen.ts'
import { type CheckedPod, type CheckPod, containersText, plural, quoted, settersOf, sortedSet, type Violation } from './check.ts'

const PROFILES = ['RuntimeDefault', 'Localhost']
const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/'
const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/'

export function appArmorProfile(pod: CheckedPod): Violation | undefined {
  const isBad = (type: string | undefined) => type !== undefined && !PROFILES.includes(type)
  const setters = settersOf(pod, ({ appArmorProfile }) => isBad(appArmorProfile?.type))
  const types = sortedSet(contextsOf(pod).flatMap(({ appArmorProfile }) => (isBad(appArmorProfile?.type) ? [appArmorProfile!.type] : [])))
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(APP_ARMOR_ANNOTATION) && !isAllowedAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
  const who = [
    ...(setters === undefined ? [] : [setters.text]),
    ...(annotations.length > 0 ? [plural(annotations.length, 'annotation')] : []),
  ]
  if (who.length === 0) return undefined
  const values = [...types, ...annotations]
  return {
    reason: plural(values.length, 'forbidden AppArmor profile'),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

function isAllowedAppArmor(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/')
}

export function seLinuxOptions(allowedTypes: readonly string[]): CheckPod {
  const isBadType = (options: SELinuxOptions) => !allowedTypes.includes(options.type ?? '')
  const isBad = (options: SELinuxOptions | undefined) => options !== undefined && (isBadType(options) || options.user || options.role)
  return (pod) => {
    const setters = settersOf(pod, (context) => Boolean(isBad(context.seLinuxOptions)))
    if (setters === undefined) return undefined
    const options = contextsOf(pod).flatMap((context) => (context.seLinuxOptions === undefined ? [] : [context.seLinuxOptions]))
    const types = sortedSet(options.filter(isBadType).map(({ type }) => type!))
    const faults = [
      ...(types.length > 0 ? [`${plural(types.length, 'type')} ${quoted(types)}`] : []),
      ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
    ]
    return { reason: 'seLinuxOptions', detail: `${setters.text} set forbidden securityContext.seLinuxOptions: ${faults.join('; ')}` }
  }
}

/** Before there was a field. */
export function seccompAnnotations({ annotations, containers }: CheckedPod): Violation | undefined {
  const keys = [SECCOMP_POD_ANNOTATION, ...containers.map(({ name }) => SECCOMP_ANNOTATION + name)]
  const bad = sortedSet(
    keys
      .filter((key) => annotations[key] !== undefined && !isAllowedSeccomp(annotations[key]))
      .map((key) => `${key}=${JSON.stringify(annotations[key])}`),
  )
  return bad.length === 0
    ? undefined
    : { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}` }
}

function isAllowedSeccomp(value: string): boolean {
  return value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
}

function isBadSeccomp(type: string | undefined): boolean {
  return type !== undefined && !PROFILES.includes(type)
}

export function seccompField(pod: CheckedPod): Violation | undefined {
  const setters = settersOf(pod, ({ seccompProfile }) => isBadSeccomp(seccompProfile?.type))
  if (setters === undefined) return undefined
  const types = sortedSet(
    contextsOf(pod).flatMap(({ seccompProfile }) => (isBadSeccomp(seccompProfile?.type) ? [seccompProfile!.type] : [])),
  )
  return { reason: 'seccompProfile', detail: `${setters.text} must not set securityContext.seccompProfile.type to ${quoted(types)}` }
}

/** As `seccompField`; and there must be a profile. */
export function seccompRequired(pod: CheckedPod): Violation | undefined {
  const violation = seccompField(pod)
  if (violation !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return violation
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.seccompProfile === undefined)
  if (bad.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersText(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** The pod's securityContext, if any, and those of its containers. */
function contextsOf({ spec, containers }: CheckedPod) {
  return [spec.securityContext, ...containers.map(({ securityContext }) => securityContext)].filter((context) => context !== undefined)
}
