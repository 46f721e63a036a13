import { defineResource } from '../../definition.ts'
import { pushChanged, pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { controllerOf } from '../../meta/owner-references.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { ControllerRevision } from '../../types.gen.ts'

export const controllerRevision = defineResource<ControllerRevision>('apps/v1/controllerrevisions', {
  setDefaults: (object) => {
    object.revision ??= 0
  },
  validate: ({ data, revision }) => {
    const errors: FieldError[] = []
    if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'))
    else if (typeof data !== 'object' || Array.isArray(data)) errors.push(required('data', 'data must be a valid JSON object'))
    pushNegative(errors, 'revision', revision)
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'data', next.data, old.data)
    return errors
  },
  columns: [
    nameColumn,
    column('Controller', 'string', 'What the revision is of.', controllerText),
    column('Revision', 'string', 'Number of the revision, later ones are higher.', ({ revision }) => revision),
    ageColumn,
  ],
})

/** `statefulset.apps/db`. Upstream: formatResourceName. */
function controllerText(object: ControllerRevision): string {
  const controller = controllerOf(object)
  if (controller === undefined) return '<none>'
  const slash = controller.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${controller.apiVersion.slice(0, slash)}`
  return `${controller.kind.toLowerCase()}${group}/${controller.name}`
}
