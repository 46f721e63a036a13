import { duplicate, type FieldError, required } from '../../meta/field-error.ts'

/** A condition says what it is of, and only one says it. Upstream: ValidateFlowSchemaStatus, ValidatePriorityLevelConfigurationStatus. */
export function conditionTypeFaults(conditions: ReadonlyArray<{ readonly type?: string | undefined }> = []): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  conditions.forEach(({ type = '' }, i) => {
    if (seen.has(type)) errors.push(duplicate(`status.conditions[${i}].type`, type))
    seen.add(type)
    if (type === '') errors.push(required(`status.conditions[${i}].type`))
  })
  return errors
}
