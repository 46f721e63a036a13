import type { Node } from '../../types.gen.ts'

/** The ranges that the node's pods get their addresses of, one a family. */
export function podCIDRsOf({ spec }: Node): readonly string[] {
  return spec.podCIDRs ?? (spec.podCIDR ? [spec.podCIDR] : [])
}
