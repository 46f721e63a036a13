/** Which requests a webhook or a policy is for. Upstream: pkg/apis/admissionregistration/validation validateRuleWithOperations. */
import { pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts'
import { isPathSegmentName } from '../../meta/names.ts'
import type { NamedRuleWithOperations, RuleWithOperations } from '../../types.gen.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

export function pushRuleFaults(errors: FieldError[], rule: RuleWithOperations, path: string): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  pushListFaults(errors, operations, `${path}.operations`, 'operations')
  operations.forEach((operation, i) => {
    pushUnsupported(errors, `${path}.operations[${i}]`, operation, OPERATIONS)
  })
  pushListFaults(errors, apiGroups, `${path}.apiGroups`, 'API groups')
  pushListFaults(errors, apiVersions, `${path}.apiVersions`, 'API versions')
  apiVersions.forEach((version, i) => {
    if (version === '') errors.push(required(`${path}.apiVersions[${i}]`))
  })
  pushResourceFaults(errors, resources, `${path}.resources`)
  if (scope !== undefined) pushUnsupported(errors, `${path}.scope`, scope, ['*', 'Cluster', 'Namespaced'])
}

/** A rule of a policy may name objects too. Upstream: validateNamedRuleWithOperations. */
export function pushNamedRuleFaults(errors: FieldError[], rule: NamedRuleWithOperations, path: string): void {
  const names = rule.resourceNames ?? []
  names.forEach((name, i) => {
    pushInvalid(errors, `${path}.resourceNames[${i}]`, name, isPathSegmentName(name))
    if (names.indexOf(name) < i) errors.push(duplicate(`${path}.resourceNames[${i}]`, name))
  })
  pushRuleFaults(errors, rule, path)
}

function pushListFaults(errors: FieldError[], list: readonly string[], path: string, what: string): void {
  if (list.length === 0) errors.push(required(path))
  if (list.length > 1 && list.includes('*')) errors.push(invalid(path, list, `if '*' is present, must not specify other ${what}`))
}

/** `pods`, `pods/status`, `*`, `pods/*`, `*` + `/status`: none may cover another. Upstream: validateResources. */
function pushResourceFaults(errors: FieldError[], resources: readonly string[], path: string): void {
  if (resources.length === 0) errors.push(required(path))
  const withAllSubresources = new Set<string>()
  const ofAllResources = new Set<string>()
  let isLastPlain = false
  resources.forEach((text, i) => {
    const at = `${path}[${i}]`
    if (text === '') {
      errors.push(required(at))
      return
    }
    const slash = text.indexOf('/')
    if (slash < 0) {
      // Only the last of these counts: so it does upstream.
      isLastPlain = text !== '*'
      return
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)]
    const covered = (by: string) => errors.push(invalid(at, text, `if '${by}' is present, must not specify ${text}`))
    if (withAllSubresources.has(resource)) covered(`${resource}/*`)
    if (ofAllResources.has(subresource)) covered(`*/${subresource}`)
    if (subresource === '*') withAllSubresources.add(resource)
    if (resource === '*') ofAllResources.add(subresource)
  })
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && isLastPlain) {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
  }
}
