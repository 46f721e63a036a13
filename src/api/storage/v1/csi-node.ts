import { checkCsiDriverName } from '../../core/v1/volume-validation.ts'
import { defineResource } from '../../definition.ts'
import { isSameValue, pushInvalid, pushNegative } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { isLongerThan, isQualifiedName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { CSINode, CSINodeDriver } from '../../types.gen.ts'

const MAX_NODE_ID_BYTES = 256
const GO_DRIVER: GoStruct = { Name: '', NodeID: '', TopologyKeys: null, Allocatable: null }

export const csiNode = defineResource<CSINode>('storage.k8s.io/v1/csinodes', {
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= { drivers: [] }
    object.spec.drivers ??= []
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const names = new Set<string>()
    spec.drivers.forEach((driver, i) => {
      pushDriverFaults(errors, driver, names, `spec.drivers[${i}]`)
    })
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    for (const before of old.spec.drivers) {
      for (const driver of next.spec.drivers.filter(({ name }) => name === before.name)) {
        // How many volumes fit may change.
        const { allocatable: _, ...identity } = driver
        const { allocatable: __, ...identityBefore } = before
        if (isSameValue(identity, identityBefore)) continue
        errors.push(invalid('spec.drivers', showGoStruct(identity, GO_DRIVER), 'field is immutable'))
      }
    }
    return errors
  },
  columns: [nameColumn, column('Drivers', 'integer', 'Number of drivers on the node.', ({ spec }) => spec.drivers?.length ?? 0), ageColumn],
})

/** Upstream: validateCSINodeDriver. @param names of the drivers before it; gets its own */
function pushDriverFaults(errors: FieldError[], driver: CSINodeDriver, names: Set<string>, path: string): void {
  const { name, nodeID = '', allocatable, topologyKeys = [] } = driver
  checkCsiDriverName(errors, name, `${path}.name`)
  if (nodeID === '') errors.push(required(`${path}.nodeID`))
  if (isLongerThan(nodeID, MAX_NODE_ID_BYTES)) {
    errors.push(invalid(`${path}.nodeID`, nodeID, `must be ${MAX_NODE_ID_BYTES} characters or less`))
  }
  pushNegative(errors, `${path}.allocatable.count`, allocatable?.count)
  if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
  names.add(name)
  topologyKeys.forEach((key, i) => {
    if (key === '') errors.push(required(path))
    if (topologyKeys.indexOf(key) < i) errors.push(duplicate(path, key))
    pushInvalid(errors, path, key, isQualifiedName(key))
  })
}
