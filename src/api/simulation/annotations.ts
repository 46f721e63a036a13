/**
 * Annotations by which a user says how what is simulated behaves. `coracle.dev/KEY` is about all containers of a pod,
 * `KEY.coracle.dev/CONTAINER` about one, and wins. Documented in docs/simulated-nodes.md.
 */
import type { KubeObject } from '../object.ts'

export const DOMAIN = 'coracle.dev'

export function containerAnnotation({ metadata }: KubeObject, key: string, container: string): string | undefined {
  return metadata.annotations?.[`${key}.${DOMAIN}/${container}`] ?? metadata.annotations?.[`${DOMAIN}/${key}`]
}

export function annotation({ metadata }: KubeObject, key: string): string | undefined {
  return metadata.annotations?.[`${DOMAIN}/${key}`]
}

/** `metric.coracle.dev/NAME`: what something measures of the object. */
export function metricAnnotation({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.annotations?.[`metric.${DOMAIN}/${name}`]
}

/** `load.coracle.dev/NAME`: what the pods of the object have to bear together. */
export function loadAnnotation({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.annotations?.[`load.${DOMAIN}/${name}`]
}

/** Of all annotations those that declare metrics and loads; undefined when there is none. */
export function metricAnnotations({ metadata }: KubeObject): Record<string, string> | undefined {
  let found: Record<string, string> | undefined
  for (const key in metadata.annotations) {
    if (!key.startsWith(`metric.${DOMAIN}/`) && !key.startsWith(`load.${DOMAIN}/`)) continue
    found ??= {}
    found[key] = metadata.annotations[key]!
  }
  return found
}
