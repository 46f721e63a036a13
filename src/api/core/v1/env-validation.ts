/** `env` and `envFrom` of containers, and the field references that the downward API volume shares. */
import { type FieldError, invalid, notFound, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from '../../meta/names.ts'
import { canonicalQuantity } from '../../meta/quantity.ts'
import type { EnvFromSource, EnvVar, FileKeySelector, ObjectFieldSelector, PodSpec, ResourceFieldSelector } from '../../types.gen.ts'
import { isConfigMapKey, isEnvVarName, pushInvalid } from './formats.ts'
import { checkNoBacksteps } from './local-path.ts'
import { eachContainer } from './os-validation.ts'

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

/** Every label the downward API can convert. Upstream: pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel. */
const DOWNWARD_FIELDS: ReadonlySet<string> = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
  'spec.host',
])

export function checkEnv(errors: FieldError[], env: EnvVar[], path: string): void {
  for (let i = 0; i < env.length; i++) {
    const variable = env[i]!
    if (!variable.name) errors.push(required(`${path}[${i}].name`))
    else pushInvalid(errors, `${path}[${i}].name`, variable.name, isEnvVarName(variable.name))
    if (variable.valueFrom) checkValueFrom(errors, variable, `${path}[${i}].valueFrom`)
  }
}

function checkValueFrom(errors: FieldError[], { value, valueFrom }: EnvVar, path: string): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom!
  let sources = 0
  if (fieldRef) {
    sources++
    checkFieldRef(errors, fieldRef, ENV_FIELDS, `${path}.fieldRef`)
  }
  if (resourceFieldRef) {
    sources++
    checkResourceFieldRef(errors, resourceFieldRef, false, `${path}.resourceFieldRef`)
  }
  if (configMapKeyRef) {
    sources++
    checkKeyRef(errors, configMapKeyRef, `${path}.configMapKeyRef`)
  }
  if (secretKeyRef) {
    sources++
    checkKeyRef(errors, secretKeyRef, `${path}.secretKeyRef`)
  }
  if (fileKeyRef) {
    sources++
    checkFileKeyRef(errors, fileKeyRef, `${path}.fileKeyRef`)
  }
  if (sources === 0) {
    errors.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  } else if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
}

function checkKeyRef(errors: FieldError[], { name, key }: { name?: string | undefined; key: string }, path: string): void {
  pushInvalid(errors, `${path}.name`, name ?? '', nameIsDnsSubdomain(name ?? '', false))
  if (!key) errors.push(required(`${path}.key`))
  else pushInvalid(errors, `${path}.key`, key, isConfigMapKey(key))
}

function checkFileKeyRef(errors: FieldError[], { key, volumeName, path: file }: FileKeySelector, path: string): void {
  if (!key) errors.push(required(`${path}.key`))
  else pushInvalid(errors, `${path}.key`, key, isEnvVarName(key))
  if (!volumeName) errors.push(required(`${path}.volumeName`))
  else pushInvalid(errors, `${path}.volumeName`, volumeName, isDns1123Label(volumeName))
  if (!file) errors.push(required(`${path}.path`))
  else checkNoBacksteps(errors, file, `${path}.path`)
}

/** Files with variables are written by containers, where all of them can. Upstream: validation.go validateFileKeyRefVolumes. */
export function checkFileKeyVolumes(errors: FieldError[], spec: PodSpec, path: string): void {
  eachContainer(spec, path, ({ env }, at) => {
    if (env === undefined) return
    for (let i = 0; i < env.length; i++) {
      const name = env[i]!.valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) continue
      const volume = spec.volumes?.findLast((candidate) => candidate.name === name)
      const field = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`
      if (!volume) errors.push(notFound(field, name))
      else if (!volume.emptyDir) errors.push(invalid(field, name, 'referenced volume must be of type emptyDir'))
    }
  })
}

/** Upstream: validation.go validateObjectFieldSelector. */
export function checkFieldRef(
  errors: FieldError[],
  { apiVersion, fieldPath }: ObjectFieldSelector,
  fields: readonly string[],
  path: string,
): void {
  if (!apiVersion) {
    errors.push(required(`${path}.apiVersion`))
    return
  }
  if (!fieldPath) {
    errors.push(required(`${path}.fieldPath`))
    return
  }
  const subscripted = /^(.*)\['(.*)'\]$/s.exec(fieldPath)
  const field = subscripted?.[1] ?? fieldPath
  let problem: string | undefined
  if (apiVersion !== 'v1') problem = `unsupported pod version: ${apiVersion}`
  else if (subscripted && field !== 'metadata.annotations' && field !== 'metadata.labels') {
    problem = `field label does not support subscript: ${fieldPath}`
  } else if (!DOWNWARD_FIELDS.has(field)) problem = `field label not supported: ${fieldPath}`
  if (problem !== undefined) {
    errors.push(invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`))
    return
  }
  if (subscripted) {
    const key = field === 'metadata.annotations' ? subscripted[2]!.toLowerCase() : subscripted[2]!
    pushInvalid(errors, path, key, isQualifiedName(key))
  } else if (!fields.includes(field)) errors.push(notSupported(`${path}.fieldPath`, field, fields))
}

const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** Upstream: validation.go validateContainerResourceFieldSelector. */
export function checkResourceFieldRef(errors: FieldError[], ref: ResourceFieldSelector, needsContainer: boolean, path: string): void {
  const { containerName, resource, divisor } = ref
  const isHugePages = resource?.startsWith('limits.hugepages-') || resource?.startsWith('requests.hugepages-')
  if (needsContainer && !containerName) errors.push(required(`${path}.containerName`))
  else if (!resource) errors.push(required(`${path}.resource`))
  else if (!RESOURCE_FIELDS.includes(resource) && !isHugePages) {
    errors.push(notSupported(`${path}.resource`, resource, RESOURCE_FIELDS))
  }
  const canonical = canonicalQuantity(divisor ?? '0')
  if (canonical === '0' || !resource) return
  const name = isHugePages ? 'hugepages' : resource.slice(resource.indexOf('.') + 1)
  const known = { cpu: 'cpu', memory: 'memory', 'ephemeral-storage': 'local ephemeral storage', hugepages: 'hugepages' }[name]
  const allowed = name === 'cpu' ? ['1m', '1'] : BYTE_DIVISORS
  if (known === undefined || allowed.includes(canonical)) return
  const list = name === 'cpu' ? '1m and 1' : BYTE_DIVISORS.join(', ')
  errors.push(invalid(`${path}.divisor`, resource, `only divisor's values ${list} are supported with the ${known} resource`))
}

export function checkEnvFrom(errors: FieldError[], sources: EnvFromSource[], path: string): void {
  for (let i = 0; i < sources.length; i++) {
    const { prefix, configMapRef, secretRef } = sources[i]!
    if (prefix) pushInvalid(errors, `${path}[${i}].prefix`, prefix, isEnvVarName(prefix))
    if (configMapRef) checkEnvSource(errors, configMapRef.name, `${path}[${i}].configMapRef.name`)
    if (secretRef) checkEnvSource(errors, secretRef.name, `${path}[${i}].secretRef.name`)
    // Upstream names the list here, not the item.
    if (!configMapRef && !secretRef) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (configMapRef && secretRef) errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}

function checkEnvSource(errors: FieldError[], name: string | undefined, path: string): void {
  if (!name) errors.push(required(path))
  else pushInvalid(errors, path, name, nameIsDnsSubdomain(name, true))
}
