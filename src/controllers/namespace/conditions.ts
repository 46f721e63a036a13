/** The conditions of a namespace that is being deleted. Upstream: deletion/status_condition_utils.go */
import { findCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { NamespaceCondition } from '../../api/types.gen.ts'
import type { Content } from './content.ts'

interface Verdict {
  readonly reason: string
  readonly message: string
}

/** In the order they are first written, each as it is when nothing is wrong. */
const FINE: Readonly<Record<string, Verdict>> = {
  NamespaceDeletionDiscoveryFailure: { reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
  NamespaceDeletionGroupVersionParsingFailure: { reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
  NamespaceDeletionContentFailure: {
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
  NamespaceContentRemaining: { reason: 'ContentRemoved', message: 'All content successfully removed' },
  NamespaceFinalizersRemaining: { reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
}

/**
 * @param remaining what is still there after everything was deleted
 * @param failure why something could not be deleted
 */
export function deletionConditions(
  current: readonly NamespaceCondition[] | undefined,
  remaining: readonly Content[],
  failure: string | undefined,
  now: number,
): NamespaceCondition[] {
  const conditions = [...(current ?? [])]
  const troubles = troublesOf(remaining, failure)
  for (const [type, fine] of Object.entries(FINE)) {
    const trouble = troubles[type]
    const status = trouble === undefined ? 'False' : 'True'
    const old = findCondition(conditions, type)
    const lastTransitionTime = old?.status === status && old.lastTransitionTime !== undefined ? old.lastTransitionTime : timestamp(now)
    const next: NamespaceCondition = { type, status, lastTransitionTime, ...(trouble ?? fine) }
    if (old === undefined) conditions.push(next)
    else conditions[conditions.indexOf(old)] = next
  }
  return conditions
}

function troublesOf(remaining: readonly Content[], failure: string | undefined): Readonly<Record<string, Verdict | undefined>> {
  const counts = remaining.map(({ resource, objects }) => `${resource.label} has ${objects.length} resource instances`).sort()
  const finalizers = new Map<string, number>()
  for (const { objects } of remaining) {
    for (const { metadata } of objects) for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
  }
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort()
  return {
    NamespaceDeletionContentFailure:
      failure === undefined
        ? undefined
        : { reason: 'ContentDeletionFailed', message: `Failed to delete all resource types, 1 remaining: ${failure}` },
    NamespaceContentRemaining:
      counts.length === 0 ? undefined : { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${counts.join(', ')}` },
    NamespaceFinalizersRemaining:
      held.length === 0
        ? undefined
        : { reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${held.join(', ')}` },
  }
}
