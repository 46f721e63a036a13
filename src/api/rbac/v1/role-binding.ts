import { type Behaviour, defineResource } from '../../definition.ts'
import { isSameValue, pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../../table-columns.ts'
import type { ClusterRoleBinding, RbacV1Subject, RoleBinding } from '../../types.gen.ts'

const GROUP = 'rbac.authorization.k8s.io'

type Binding = RoleBinding | ClusterRoleBinding

const GO_ROLE_REF: GoStruct = { APIGroup: '', Kind: '', Name: '' }

export const roleBinding = defineResource<RoleBinding>(
  'rbac.authorization.k8s.io/v1/rolebindings',
  bindingBehaviour(true, ['Role', 'ClusterRole']),
)

export const clusterRoleBinding = defineResource<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1/clusterrolebindings',
  bindingBehaviour(false, ['ClusterRole']),
)

function bindingBehaviour(isNamespaced: boolean, roleKinds: readonly string[]): Behaviour<Binding> {
  return {
    createsOnUpdate: true,
    validateName: isPathSegmentName,
    setDefaults: (object) => {
      object.roleRef ??= {} as Binding['roleRef']
      if (!object.roleRef.apiGroup) object.roleRef.apiGroup = GROUP
      for (const subject of object.subjects ?? []) {
        if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = GROUP
      }
    },
    validate: ({ roleRef, subjects = [] }) => {
      const errors: FieldError[] = []
      pushUnsupported(errors, 'roleRef.apiGroup', roleRef.apiGroup, [GROUP])
      pushUnsupported(errors, 'roleRef.kind', roleRef.kind, roleKinds)
      if (!roleRef.name) errors.push(required('roleRef.name'))
      else pushInvalid(errors, 'roleRef.name', roleRef.name, isPathSegmentName(roleRef.name))
      subjects.forEach((subject, i) => {
        pushSubjectFaults(errors, subject, isNamespaced, `subjects[${i}]`)
      })
      return errors
    },
    validateUpdate: (next, old) =>
      isSameValue(next.roleRef, old.roleRef) ? [] : [invalid('roleRef', showGoStruct(next.roleRef, GO_ROLE_REF), 'cannot change roleRef')],
    columns: [
      nameColumn,
      column('Role', 'string', 'The role that is given.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
      ageColumn,
      wideColumn('Users', 'Users who get it.', ({ subjects }) => namesOf(subjects, 'User')),
      wideColumn('Groups', 'Groups who get it.', ({ subjects }) => namesOf(subjects, 'Group')),
      wideColumn('ServiceAccounts', 'Service accounts that get it.', ({ subjects }) => namesOf(subjects, 'ServiceAccount')),
    ],
  }
}

function namesOf(subjects: readonly RbacV1Subject[] = [], kind: string): string {
  return subjects
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' && namespace ? `${namespace}/${name}` : name))
    .join(', ')
}

/** Upstream: pkg/apis/rbac/validation ValidateRoleBindingSubject. */
function pushSubjectFaults(errors: FieldError[], subject: RbacV1Subject, isNamespaced: boolean, path: string): void {
  const { kind, name, apiGroup = '', namespace } = subject
  if (!name) errors.push(required(`${path}.name`))
  if (kind === 'ServiceAccount') {
    if (name) pushInvalid(errors, `${path}.name`, name, isDns1123Subdomain(name))
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!isNamespaced && !namespace) errors.push(required(`${path}.namespace`))
  } else if (kind === 'User' || kind === 'Group') pushUnsupported(errors, `${path}.apiGroup`, apiGroup, [GROUP])
  else errors.push(notSupported(`${path}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group']))
}
