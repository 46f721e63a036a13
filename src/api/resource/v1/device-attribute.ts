/** One fact of a device, of one of four types. Upstream: validation.go validateDeviceAttribute. */

import { type FieldError, invalid, tooLong } from '../../meta/field-error.ts'
import { isLongerThan } from '../../meta/names.ts'
import type { DeviceAttribute } from '../../types.gen.ts'
import { showDeviceStruct } from './go-structs.ts'

const MAX_VALUE = 64
const NUMBER = '(0|[1-9]\\d*)'
const PRERELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const BUILD = '[0-9a-zA-Z-]+'
const SEMVER = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRERELEASE}(\\.${PRERELEASE})*)?(\\+${BUILD}(\\.${BUILD})*)?$`)

export function checkAttribute(errors: FieldError[], attribute: DeviceAttribute, path: string): void {
  const { bool, int, string, version } = attribute
  if (string !== undefined && isLongerThan(string, MAX_VALUE)) errors.push(tooLong(`${path}.string`, MAX_VALUE))
  if (version !== undefined) {
    if (!SEMVER.test(version)) errors.push(invalid(`${path}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'))
    if (isLongerThan(version, MAX_VALUE)) errors.push(tooLong(`${path}.version`, MAX_VALUE))
  }
  const count = [bool, int, string, version].filter((value) => value !== undefined).length
  if (count === 1) return
  errors.push(invalid(path, count === 0 ? '' : showDeviceStruct('DeviceAttribute', attribute), 'exactly one value must be specified'))
}
