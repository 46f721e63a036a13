/** What metav1.Condition may say, for the kinds whose status has a list of them. Upstream: metav1 validation ValidateConditions. */
import type { Condition } from '../types.gen.ts'
import { pushInvalid, pushUnsupported } from './field-checks.ts'
import { duplicate, type FieldError, invalid, required, tooLong } from './field-error.ts'
import { isLongerThan, isQualifiedName, patternMessage } from './names.ts'

const MAX_REASON_BYTES = 1024
const MAX_MESSAGE_BYTES = 32 * 1024
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const REASON_PATTERN = new RegExp(`^${REASON}$`)
const REASON_TEXT =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"

export function validateConditions(conditions: readonly Condition[] = [], path: string): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  conditions.forEach((condition, i) => {
    const at = `${path}[${i}]`
    const { type = '' } = condition
    if (seen.has(type)) errors.push(duplicate(`${at}.type`, type))
    seen.add(type)
    pushConditionFaults(errors, condition, at)
  })
  return errors
}

function pushConditionFaults(errors: FieldError[], condition: Condition, path: string): void {
  const { type = '', status, observedGeneration = 0, lastTransitionTime, reason, message = '' } = condition
  pushInvalid(errors, `${path}.type`, type, isQualifiedName(type))
  pushUnsupported(errors, `${path}.status`, status, ['False', 'True', 'Unknown'])
  if (observedGeneration < 0) {
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'))
  }
  if (!lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`))
  if (!reason) errors.push(required(`${path}.reason`))
  else {
    if (!REASON_PATTERN.test(reason)) {
      errors.push(
        invalid(
          `${path}.reason`,
          reason,
          patternMessage(REASON_TEXT, REASON, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'),
        ),
      )
    }
    if (isLongerThan(reason, MAX_REASON_BYTES)) errors.push(tooLong(`${path}.reason`, MAX_REASON_BYTES))
  }
  if (isLongerThan(message, MAX_MESSAGE_BYTES)) errors.push(tooLong(`${path}.message`, MAX_MESSAGE_BYTES))
}
