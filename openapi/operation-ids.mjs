// How upstream names operations and their tags: `listAppsV1NamespacedDeployment`, `apps_v1`.

export const capital = (word) => word[0].toUpperCase() + word.slice(1)

/** `rbac.authorization.k8s.io` → `RbacAuthorization` */
export function groupWord(group) {
  const words = group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')
  return words.split('.').map(capital).join('')
}

export function tagOf(group, version) {
  const word = groupWord(group)
  return `${word[0].toLowerCase()}${word.slice(1)}${version ? `_${version}` : ''}`
}

const WORDS = { get: 'read', update: 'replace' }

/**
 * @param facts a line of resources.json
 * @returns a function of a verb and of what follows the kind: `Status`, `ExecWithPath`
 */
export function operationIdsOf({ group, version, kind, namespaced }) {
  const gv = groupWord(group) + capital(version)
  const subject = `${namespaced ? 'Namespaced' : ''}${kind}`
  return (verb, suffix = '') => {
    if (verb === 'deletecollection') return `delete${gv}Collection${subject}`
    if (verb === 'listAll') return `list${gv}${kind}ForAllNamespaces`
    return `${WORDS[verb] ?? verb}${gv}${subject}${suffix}`
  }
}

/** Of a connection the method stands where the verb of others does, behind the group. */
export function connectIdsOf({ group, version, kind, namespaced }) {
  const head = `connect${groupWord(group)}${capital(version)}`
  return (method, suffix) => `${head}${capital(method)}${namespaced ? 'Namespaced' : ''}${kind}${suffix}`
}
