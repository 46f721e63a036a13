/** What the classes of storage have in common: a driver's name and the parameters that it understands. */
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'

const MAX_PARAMETERS = 512
const MAX_PARAMETERS_BYTES = 256 * 1024

/** Upstream: storage/validation validateProvisioner. */
export function pushProvisionerFaults(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) errors.push(required(path))
  else pushInvalid(errors, path, name.toLowerCase(), isQualifiedName(name.toLowerCase()))
}

/** Upstream: storage/validation validateParameters. */
export function pushParameterFaults(errors: FieldError[], parameters: Readonly<Record<string, string>> = {}, mayBeEmpty: boolean): void {
  const entries = Object.entries(parameters)
  if (entries.length > MAX_PARAMETERS) {
    errors.push(tooLong('parameters', MAX_PARAMETERS))
    return
  }
  if ('' in parameters) errors.push(invalid('parameters', '', 'field can not be empty.'))
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (bytes > MAX_PARAMETERS_BYTES) errors.push(tooLong('parameters', MAX_PARAMETERS_BYTES))
  if (!mayBeEmpty && entries.length === 0) errors.push(required('parameters', 'must contain at least one key/value pair'))
}
