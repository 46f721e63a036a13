/**
 * What the checks of the Pod Security Standards have in common: what they look at, what they say, and the wording of it.
 * Upstream: k8s.io/pod-security-admission/policy.
 */
import type { Container, ObjectMeta, PodSecurityContext, PodSpec, SecurityContext } from '../../api/types.gen.ts'

export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: PodSpec
  /** Init containers, then containers, then ephemeral ones. */
  readonly containers: readonly Container[]
}

export interface Violation {
  /** `host namespaces` */
  readonly reason: string
  /** `hostNetwork=true, hostPID=true` */
  readonly detail: string
}

export type CheckPod = (pod: CheckedPod) => Violation | undefined

export interface CheckVersion {
  /** From this minor version of Kubernetes on. */
  readonly since: number
  readonly check: CheckPod
  /** Checks of the baseline that this one is stricter than, and stands for. */
  readonly overrides?: readonly string[]
}

export interface Check {
  readonly id: string
  /** Oldest first. */
  readonly versions: readonly CheckVersion[]
}

export function checkedPod(metadata: Partial<ObjectMeta> | undefined, spec: PodSpec): CheckedPod {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])]
  return { annotations: metadata?.annotations ?? {}, spec, containers }
}

/** `"a", "b"` */
export function quoted(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ')
}

/** In order, each once. */
export function sortedSet(items: Iterable<string>): string[] {
  return [...new Set(items)].sort()
}

export function plural(count: number, singular: string, more = `${singular}s`): string {
  return count === 1 ? singular : more
}

/** `container "a"`, `containers "a", "b"` */
export function containersText(containers: readonly Container[]): string {
  return `${plural(containers.length, 'container')} ${quoted(containers.map(({ name }) => name))}`
}

/** Who sets something: `pod and container "a"`. */
export function settersText(isPodOne: boolean, containers: readonly Container[]): string {
  return [...(isPodOne ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : [])].join(' and ')
}

type AnyContext = Partial<SecurityContext> & Partial<PodSecurityContext>

/** Whoever sets something forbidden in a securityContext, of the pod or of a container. */
export function settersOf(
  { spec, containers }: CheckedPod,
  isBad: (context: AnyContext) => boolean,
): { readonly isPodOne: boolean; readonly containers: readonly Container[]; readonly text: string } | undefined {
  const isPodOne = spec.securityContext !== undefined && isBad(spec.securityContext as AnyContext)
  const bad = containers.filter(({ securityContext }) => securityContext !== undefined && isBad(securityContext as AnyContext))
  return isPodOne || bad.length > 0 ? { isPodOne, containers: bad, text: settersText(isPodOne, bad) } : undefined
}

/** What validation wouldn't let a Windows pod set need not be set by it. */
export function exceptOnWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod))
}

/** In a user namespace of its own a pod may be more. Upstream: relaxPolicyForUserNamespacePod. */
export function exceptInUserNamespace(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod))
}
