export interface Accepted { readonly mediaType: 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf'; readonly as?: string; readonly group?: string; readonly version?: string }
export function negotiate(accept: string | undefined): Accepted | undefined {
  for (const clause of (accept ?? '*/*').split(',')) {
    const [type, ...params] = clause.trim().split(';').map((x) => x.trim())
    const p = Object.fromEntries(params.map((x) => x.split('=')))
    if (type === 'application/json' || type === '*/*' || type === 'application/*') {
      if (p.as !== undefined && !/^(Table|PartialObjectMetadata)/.test(p.as)) continue
      return { mediaType: 'application/json', ...(p.as ? { as: p.as } : {}) }
    }
    if (type === 'application/yaml' && !p.as) return { mediaType: 'application/yaml' }
  }
  return undefined
}
