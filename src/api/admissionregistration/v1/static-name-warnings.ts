import type { KubeObject } from '../../object.ts'

const STATIC_SUFFIX = '.static.k8s.io'

/** Upstream: apis/admissionregistration/validation WarningsForStaticSuffix. */
export function staticNameWarnings({ metadata: { name } }: KubeObject): string[] {
  if (!name.endsWith(STATIC_SUFFIX)) return []
  const reserved = 'are reserved for static manifest-based configurations and cannot be managed via the API'
  return [`metadata.name: names ending with "${STATIC_SUFFIX}" ${reserved}`]
}
