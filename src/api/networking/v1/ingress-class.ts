import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Label, isLongerThan } from '../../meta/names.ts'
import { pushPrefixedPathFaults } from '../../meta/prefixed-path.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { IngressClass, IngressClassParametersReference } from '../../types.gen.ts'
import { pushReferenceFaults } from './resource-reference.ts'

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class'
const MAX_CONTROLLER_BYTES = 250

/** Do ingresses that name no class get this one? */
export function isDefaultIngressClass({ metadata }: IngressClass): boolean {
  return metadata.annotations?.[IS_DEFAULT] === 'true'
}

export const ingressClass = defineResource<IngressClass>('networking.k8s.io/v1/ingressclasses', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.spec ??= {}
    if (object.spec.parameters !== undefined) object.spec.parameters.scope ??= 'Cluster'
  },
  validatesUpdateAlone: true,
  validate: ({ spec }) => specFaults(spec),
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'spec.controller', next.spec.controller, old.spec.controller)
    return [...errors, ...specFaults(next.spec)]
  },
  columns: [
    {
      ...nameColumn,
      cell: (object: IngressClass) => `${object.metadata.name}${isDefaultIngressClass(object) ? ' (default)' : ''}`,
    },
    column('Controller', 'string', 'Who serves the class.', ({ spec }) => spec.controller ?? ''),
    column('Parameters', 'string', 'An object with more settings.', ({ spec: { parameters } }) =>
      parameters === undefined
        ? '<none>'
        : `${parameters.kind}${parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`}/${parameters.name}`,
    ),
    ageColumn,
  ],
})

function specFaults({ controller = '', parameters }: IngressClass['spec'] & object): FieldError[] {
  const errors: FieldError[] = []
  if (isLongerThan(controller, MAX_CONTROLLER_BYTES)) errors.push(tooLong('spec.controller', MAX_CONTROLLER_BYTES))
  pushPrefixedPathFaults(errors, controller, 'spec.controller')
  if (parameters !== undefined) pushParametersFaults(errors, parameters, 'spec.parameters')
  return errors
}

function pushParametersFaults(errors: FieldError[], parameters: IngressClassParametersReference, path: string): void {
  pushReferenceFaults(errors, parameters, path)
  const { scope, namespace } = parameters
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'"))
    else pushInvalid(errors, `${path}.namespace`, namespace, isDns1123Label(namespace))
  } else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  } else errors.push(notSupported(`${path}.scope`, scope ?? '', ['Cluster', 'Namespace']))
}
