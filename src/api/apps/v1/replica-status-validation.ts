import { pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'

/**
 * The counts of a status: none negative, none above the number of replicas, available ones ready.
 * @param bounded the counts that can't exceed `replicas`, in upstream's order
 */
export function validateReplicaCounts(
  status: Readonly<Record<string, unknown>>,
  counts: readonly string[],
  bounded: readonly string[],
  readyName: string,
): FieldError[] {
  const errors: FieldError[] = []
  const count = (name: string) => (status[name] as number | undefined) ?? 0
  for (const name of counts) pushNegative(errors, `status.${name}`, count(name))
  for (const name of bounded) {
    if (count(name) > count('replicas')) errors.push(invalid(`status.${name}`, count(name), 'cannot be greater than status.replicas'))
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    errors.push(invalid('status.availableReplicas', count('availableReplicas'), `cannot be greater than ${readyName}`))
  }
  return errors
}
