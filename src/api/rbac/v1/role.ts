import { defineResource } from '../../definition.ts'
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isPathSegmentName } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import type { ClusterRole, PolicyRule, Role } from '../../types.gen.ts'

export const role = defineResource<Role>('rbac.authorization.k8s.io/v1/roles', {
  createsOnUpdate: true,
  validateName: isPathSegmentName,
  setDefaults: (object) => {
    object.rules ??= []
  },
  validate: ({ rules = [] }) => rules.flatMap((rule, i) => policyRuleFaults(rule, true, `rules[${i}]`)),
})

export const clusterRole = defineResource<ClusterRole>('rbac.authorization.k8s.io/v1/clusterroles', {
  createsOnUpdate: true,
  validateName: isPathSegmentName,
  setDefaults: (object) => {
    object.rules ??= []
  },
  validate: ({ rules = [], aggregationRule }) => {
    const errors = rules.flatMap((rule, i) => policyRuleFaults(rule, false, `rules[${i}]`))
    if (aggregationRule === undefined) return errors
    const path = 'aggregationRule.clusterRoleSelectors'
    const selectors = aggregationRule.clusterRoleSelectors ?? []
    if (selectors.length === 0) errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
    selectors.forEach((selector, i) => {
      const faults = validateLabelSelector(selector, `${path}[${i}]`)
      errors.push(...faults)
      if (faults.length > 0) errors.push(invalid(`${path}[${i}]`, undefined, 'invalid label selector.'))
    })
    return errors
  },
})

/** Upstream: pkg/apis/rbac/validation ValidatePolicyRule. */
function policyRuleFaults(rule: PolicyRule, isNamespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { verbs = [], nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  if (verbs.length === 0) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    const at = `${path}.nonResourceURLs`
    if (isNamespaced) errors.push(invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(invalid(at, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'))
    }
    return errors
  }
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return errors
}
