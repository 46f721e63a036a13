import type { DeleteOptions, Eviction, Status } from '../../api/types.gen.ts'
import { deleteObject } from '../delete.ts'
import { encodeUnstored } from '../encode.ts'
import type { Subresource } from './subresources.ts'
import { virtualDefinition } from './virtual-definition.ts'

const EVICTION = virtualDefinition('policy', 'Eviction', 'io.k8s.api.policy.v1.Eviction')

/** Deletes the Pod on behalf of whoever drains its node. Upstream: registry/core/pod/storage/eviction.go. */
export const evict: Subresource = {
  shownAs: () => EVICTION,
  create: async (context, target, object, options) => {
    const asked = ((object as unknown as Eviction).deleteOptions ?? {}) as DeleteOptions
    const dryRun = options.dryRun === true || (asked.dryRun?.length ?? 0) > 0
    await deleteObject(context, target, asked, { ...options, dryRun })
    const success: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
    return { bytes: encodeUnstored(success as never), object, isCreated: true }
  },
}
