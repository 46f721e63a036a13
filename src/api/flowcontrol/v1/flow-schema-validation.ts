/** What a FlowSchema may match. Upstream: pkg/apis/flowcontrol/validation ValidateFlowSchemaSpec. */
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts'
import type {
  FlowcontrolV1Subject,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from '../../types.gen.ts'

const MAX_PRECEDENCE = 10_000
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
/** In the order upstream looks at them. */
const SUBJECT_FIELDS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
type SubjectKind = keyof typeof SUBJECT_FIELDS

export function validateFlowSchemaSpec(name: string, spec: FlowSchemaSpec): FieldError[] {
  const errors: FieldError[] = []
  const precedence = spec.matchingPrecedence ?? 0
  const at = 'spec.matchingPrecedence'
  if (precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'))
  if (precedence > MAX_PRECEDENCE) errors.push(invalid(at, precedence, `must not be greater than ${MAX_PRECEDENCE}`))
  if (precedence === 1 && name !== 'exempt') {
    errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
  const method = spec.distinguisherMethod
  if (method !== undefined && method.type !== 'ByNamespace' && method.type !== 'ByUser') {
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method.type ?? '' }, ['ByNamespace', 'ByUser']))
  }
  const level = spec.priorityLevelConfiguration?.name
  if (!level) errors.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
  else pushInvalid(errors, 'spec.priorityLevelConfiguration.name', level, isDns1123Subdomain(level))
  spec.rules?.forEach((rule, i) => {
    pushRuleFaults(errors, rule, `spec.rules[${i}]`)
  })
  return errors
}

function pushRuleFaults(
  errors: FieldError[],
  { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
  path: string,
): void {
  if (subjects.length === 0) errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  subjects.forEach((subject, i) => {
    pushSubjectFaults(errors, subject, `${path}.subjects[${i}]`)
  })
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  resourceRules.forEach((rule, i) => {
    pushResourceRuleFaults(errors, rule, `${path}.resourceRules[${i}]`)
  })
  nonResourceRules.forEach((rule, i) => {
    pushPathRuleFaults(errors, rule, `${path}.nonResourceRules[${i}]`)
  })
}

function pushSubjectFaults(errors: FieldError[], subject: FlowcontrolV1Subject, path: string): void {
  if (!(subject.kind in SUBJECT_FIELDS)) {
    errors.push(notSupported(`${path}.kind`, subject.kind ?? '', Object.keys(SUBJECT_FIELDS).sort()))
    return
  }
  const field = SUBJECT_FIELDS[subject.kind as SubjectKind]
  const at = `${path}.${field}`
  const value = subject[field]
  if (value === undefined) errors.push(required(at, `${field} is required when subject kind is '${subject.kind}'`))
  else {
    if (!value.name) errors.push(required(`${at}.name`))
    else if (field === 'serviceAccount' && value.name !== '*') pushInvalid(errors, `${at}.name`, value.name, isDns1123Subdomain(value.name))
    if (field === 'serviceAccount') {
      const { namespace } = subject.serviceAccount!
      if (namespace) pushInvalid(errors, `${at}.namespace`, namespace, isDns1123Label(namespace))
      else errors.push(required(`${at}.namespace`, 'must specify namespace for service account'))
    }
  }
  for (const [kind, other] of Object.entries(SUBJECT_FIELDS)) {
    if (kind === subject.kind || subject[other] === undefined) continue
    errors.push(forbidden(`${path}.${other}`, `${other} is forbidden when subject kind is not '${kind}'`))
  }
}

function pushVerbFaults(errors: FieldError[], verbs: readonly string[], path: string): void {
  if (verbs.length === 0) errors.push(required(path, 'verbs must contain at least one value'))
  else if (verbs.includes('*')) pushBesideAll(errors, path, verbs, 'verbs')
  else if (verbs.some((verb) => !VERBS.includes(verb))) errors.push(notSupported(path, verbs, VERBS))
}

function pushBesideAll(errors: FieldError[], path: string, list: readonly string[], what: string): void {
  if (list.length > 1 && list.includes('*')) errors.push(invalid(path, list, `if '*' is present, must not specify other ${what}`))
}

function pushResourceRuleFaults(errors: FieldError[], rule: ResourcePolicyRule, path: string): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule
  pushVerbFaults(errors, verbs, `${path}.verbs`)
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  else pushBesideAll(errors, `${path}.apiGroups`, apiGroups, 'api groups')
  if (resources.length === 0) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  else pushBesideAll(errors, `${path}.resources`, resources, 'resources')
  const at = `${path}.namespaces`
  if (namespaces.length === 0 && !clusterScope) {
    errors.push(required(at, 'resource rules that are not cluster scoped must supply at least one namespace'))
  } else if (namespaces.includes('*')) pushBesideAll(errors, at, namespaces, 'namespaces')
  else {
    namespaces.forEach((namespace, i) => {
      for (const message of isDns1123Label(namespace)) {
        errors.push(invalid(`${at}[${i}]`, namespace, `each member of this list must be '*' or a DNS-1123 label; ${message}`))
      }
    })
  }
}

function pushPathRuleFaults(errors: FieldError[], { verbs = [], nonResourceURLs: urls = [] }: NonResourcePolicyRule, path: string): void {
  pushVerbFaults(errors, verbs, `${path}.verbs`)
  const at = `${path}.nonResourceURLs`
  if (urls.length === 0) errors.push(required(at, 'nonResourceURLs must contain at least one value'))
  else if (urls.includes('*')) pushBesideAll(errors, at, urls, 'non-resource URLs')
  else {
    urls.forEach((url, i) => {
      const fault = pathFault(url)
      if (fault !== undefined) errors.push(invalid(`${at}[${i}]`, url, fault))
    })
  }
}

/** Upstream: ValidateNonResourceURLPath. */
function pathFault(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}
