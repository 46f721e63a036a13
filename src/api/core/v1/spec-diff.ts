/** What an update must not have changed, shown as a diff of Go structs. Upstream: apimachinery util/diff Diff. */
import { unifiedDiff } from '../../../lib/unified-diff.ts'
import { showGoStruct } from '../../meta/go-struct.ts'
import type { PodSpec, Volume } from '../../types.gen.ts'
import { coreStruct } from './go-structs.ts'

/** @param type Go's name of the struct: `EphemeralContainer` */
export function structDiff(type: string, old: object, next: object): string {
  const struct = coreStruct(type)
  return unifiedDiff(lines(showGoStruct(old, struct)), lines(showGoStruct(next, struct)))
}

/** As `structDiff`, of two lists of structs. */
export function structListDiff(type: string, old: readonly object[], next: readonly object[]): string {
  const struct = coreStruct(type)
  const show = (list: readonly object[]): string[] => lines(list.map((item) => showGoStruct(item, struct)))
  return unifiedDiff(show(old), show(next))
}

export function podSpecDiff(old: PodSpec, next: PodSpec): string {
  return structDiff('PodSpec', internalPodSpec(old), internalPodSpec(next))
}

/** Upstream's own form has the namespaces of the host in the security context, and a claim template's metadata beside its spec. */
function internalPodSpec(spec: PodSpec): object {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = spec
  return {
    ...spec,
    securityContext: { ...spec.securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers },
    volumes: spec.volumes?.map(internalVolume),
  }
}

function internalVolume(volume: Volume): object {
  const template = volume.ephemeral?.volumeClaimTemplate
  if (template === undefined) return volume
  return { ...volume, ephemeral: { volumeClaimTemplate: { ...template.metadata, spec: template.spec } } }
}

/** Go's JSON also escapes what could end a script of a page. */
function lines(value: unknown): string[] {
  const text = JSON.stringify(value, null, 1)
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).split('\n')
}
