/** What is questionable of a pod that is fine, in upstream's order. Upstream: pkg/api/pod/warnings.go. */
import { isDns1123Label } from '../../meta/names.ts'
import type { KubeObject } from '../../object.ts'
import type { Affinity, ObjectMeta, Pod, PodAffinity, PodSpec, PodTemplateSpec } from '../../types.gen.ts'
import { containerWarnings, portWarnings } from './container-warnings.ts'
import { ipWarnings } from './ip-warnings.ts'
import { nodeLabelDeprecation, nodeLabelsWarnings, nodeTermWarnings } from './node-label-warnings.ts'
import { eachContainer } from './os-validation.ts'
import { annotatedAppArmorWarning, seccompAnnotation } from './pod-annotations.ts'
import { fractionalByteWarnings } from './resource-warnings.ts'
import { volumeWarnings } from './volume-warnings.ts'

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const NO_LABEL_SELECTOR = 'a null labelSelector results in matching no pod'
const SIDES = ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'] as const
const [REQUIRED, PREFERRED] = SIDES

/** Of a new Pod. */
export function podWarnings({ metadata, spec }: Pod): string[] {
  return [...hostNameWarnings(metadata.name, "the Pod's hostname"), ...specWarnings(metadata, spec, '', false)]
}

/** Of a template. @param path where it stands: `spec.template` */
export function podTemplateWarnings(template: PodTemplateSpec | undefined, path: string): string[] {
  return template === undefined ? [] : specWarnings(template.metadata ?? {}, template.spec ?? { containers: [] }, `${path}.`, true)
}

/** Of an update that changes only metadata and status nothing is told of the template. Upstream: the kinds' strategies. */
export function hasNewSpec({ metadata }: KubeObject, old: KubeObject | undefined): boolean {
  return old === undefined || metadata.generation !== old.metadata.generation
}

export function workloadWarnings(next: KubeObject, old: KubeObject | undefined, template: PodTemplateSpec | undefined): string[] {
  return hasNewSpec(next, old) ? podTemplateWarnings(template, 'spec.template') : []
}

/** Of a name that becomes part of a host name, where DNS allows less than the API. */
export function hostNameWarnings(name: string, use = 'Pod names and hostnames'): string[] {
  const faults = isDns1123Label(name)
  if (faults.length === 0) return []
  const advice = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`
  return [`metadata.name: ${advice}: [${faults.join(' ')}]`]
}

function specWarnings(metadata: Partial<ObjectMeta>, spec: PodSpec, prefix: string, isTemplate: boolean): string[] {
  const path = `${prefix}spec`
  const annotationsPath = `${prefix}metadata.annotations`
  const texts = nodeLabelsWarnings(spec.nodeSelector, (key) => `${path}.nodeSelector[${key}]`)
  if (spec.affinity) texts.push(...nodeAffinityWarnings(spec.affinity, `${path}.affinity.nodeAffinity`))
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, i) => {
    const at = `${path}.topologySpreadConstraints[${i}]`
    const message = nodeLabelDeprecation(topologyKey)
    if (message !== undefined) texts.push(`${at}.topologyKey: ${topologyKey} is ${message}`)
    if (!labelSelector) texts.push(`${at}.labelSelector: ${NO_LABEL_SELECTOR}`)
  })
  for (const key in DEPRECATED_ANNOTATIONS) {
    if (metadata.annotations?.[key] !== undefined) texts.push(`${annotationsPath}[${key}]: ${DEPRECATED_ANNOTATIONS[key]}`)
  }
  texts.push(...volumeWarnings(spec.volumes, `${path}.volumes`))
  texts.push(...repeatWarnings(spec, path))
  texts.push(...fractionalByteWarnings(spec.overhead, ['memory', 'ephemeral-storage'], `${path}.overhead`))
  if (metadata.annotations !== undefined && !spec.securityContext?.seccompProfile) {
    pushSeccomp(texts, metadata.annotations, undefined, annotationsPath)
  }
  eachContainer(spec, path, (container, at) => {
    const { securityContext } = container
    if (metadata.annotations !== undefined) {
      if (!securityContext?.seccompProfile) pushSeccomp(texts, metadata.annotations, container.name, annotationsPath)
      // Of a Pod it is said when its annotations fill in its fields.
      if (isTemplate && !securityContext?.appArmorProfile) {
        texts.push(...annotatedAppArmorWarning(metadata.annotations, spec, container.name, annotationsPath))
      }
    }
    texts.push(...containerWarnings(container, at))
  })
  texts.push(...portWarnings(spec, path))
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    texts.push(`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  for (const side of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = spec.affinity?.[side]
    if (affinity) texts.push(...podAffinityWarnings(affinity, `${path}.affinity.${side}`))
  }
  spec.dnsConfig?.nameservers?.forEach((ip, i) => {
    texts.push(...ipWarnings(`${path}.dnsConfig.nameservers[${i}]`, ip))
  })
  spec.hostAliases?.forEach(({ ip }, i) => {
    texts.push(...ipWarnings(`${path}.hostAliases[${i}].ip`, ip))
  })
  return texts
}

function pushSeccomp(texts: string[], annotations: Readonly<Record<string, string>>, container: string | undefined, path: string): void {
  const key = seccompAnnotation(annotations, container)
  if (key !== undefined) texts.push(`${path}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`)
}

function nodeAffinityWarnings({ nodeAffinity }: Affinity, path: string): string[] {
  const required = nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []
  const preferred = nodeAffinity?.[PREFERRED] ?? []
  return [
    ...required.flatMap((term, i) => nodeTermWarnings(term, `${path}.${REQUIRED}.nodeSelectorTerms[${i}]`)),
    ...preferred.flatMap(({ preference }, i) => nodeTermWarnings(preference ?? {}, `${path}.${PREFERRED}[${i}].preference`, true)),
  ]
}

function podAffinityWarnings(affinity: PodAffinity, path: string): string[] {
  const tell = (at: string) => `${at}.labelSelector: ${NO_LABEL_SELECTOR}`
  const required = affinity[REQUIRED] ?? []
  const preferred = affinity[PREFERRED] ?? []
  return [
    ...required.flatMap(({ labelSelector }, i) => (labelSelector ? [] : [tell(`${path}.${REQUIRED}[${i}]`)])),
    ...preferred.flatMap(({ podAffinityTerm: term }, i) =>
      term?.labelSelector ? [] : [tell(`${path}.${PREFERRED}[${i}].podAffinityTerm`)],
    ),
  ]
}

/** What stands twice in a list where it counts once. */
function repeatWarnings({ hostAliases = [], imagePullSecrets = [] }: PodSpec, path: string): string[] {
  const repeats = (values: readonly string[], at: (i: number) => string, what: string): string[] =>
    values.flatMap((value, i) => (values.indexOf(value) < i ? [`${at(i)}: duplicate ${what} "${value}"`] : []))
  const secrets = imagePullSecrets.map(({ name = '' }) => name)
  const secretAt = (i: number) => `${path}.imagePullSecrets[${i}].name`
  return [
    ...repeats(
      hostAliases.map(({ ip }) => ip),
      (i) => `${path}.hostAliases[${i}].ip`,
      'ip',
    ),
    ...repeats(secrets, secretAt, 'name'),
    ...secrets.flatMap((name, i) => (name === '' ? [`${secretAt(i)}: invalid empty name ""`] : [])),
  ]
}
