/** The variables a container is started with, or why it can't be. Upstream: kubelet_pods.go makeEnvironmentVariables. */
import type { ConfigMap, Container, EnvVarSource, Pod, Secret } from '../../api/types.gen.ts'
import { valueInEnvFile } from './env-file.ts'
import { containerNamed, podField, resourceField } from './pod-fields.ts'
import { serviceEnvironment } from './service-environment.ts'
import type { Sources } from './sources.ts'

export type Variables = Readonly<Record<string, string>>

export type Environment = { readonly variables: Variables; readonly fault?: undefined } | { readonly fault: string }

export interface EnvironmentOptions {
  /** undefined when nothing is known of the API: what would come out of it is left out. */
  readonly sources: Sources | undefined
  /** With the variables of services, which go into every container but are asked for by few. */
  readonly withServices: boolean
  /** What the pod's init containers wrote to a file of a volume, 'missing' if nothing; undefined when that isn't known. */
  readonly fileOf?: ((volume: string, path: string) => { readonly text: string } | 'missing' | undefined) | undefined
}

class MissingReference extends Error {}

export function environmentOf(pod: Pod, container: Container, options: EnvironmentOptions): Environment {
  try {
    return { variables: variablesOf(pod, container, options) }
  } catch (error) {
    if (error instanceof MissingReference) return { fault: error.message }
    throw error
  }
}

/** `$(NAME)` replaced by the variable, if there is one; `$$` stands for a dollar. Upstream: third_party/forked/golang/expansion. */
export function expandReferences(text: string, ...environments: readonly Variables[]): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (reference, name) => {
    if (reference === '$$') return '$'
    for (const environment of environments) if (Object.hasOwn(environment, name)) return environment[name]!
    return reference
  })
}

function variablesOf(pod: Pod, container: Container, options: EnvironmentOptions): Variables {
  const { sources, withServices } = options
  const ofServices = withServices && sources !== undefined ? serviceEnvironment(pod, sources.services()) : {}
  const variables: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (sources === undefined) break
    const data = configMapRef === undefined ? dataOfSecret(sources, secretRef) : dataOfConfigMap(sources, configMapRef)
    for (const [key, value] of Object.entries(data ?? {})) variables[prefix + key] = value
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text =
      value || valueFrom === undefined
        ? expandReferences(value ?? '', variables, ofServices)
        : sourceValue(pod, container, valueFrom, options)
    if (text !== undefined) variables[name] = text
  }
  return { ...ofServices, ...variables }
}

/** undefined for a variable that is left out. */
function sourceValue(pod: Pod, container: Container, from: EnvVarSource, { sources, fileOf }: EnvironmentOptions): string | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = from
  if (fieldRef !== undefined) return podField(pod, fieldRef.fieldPath) ?? ''
  if (sources === undefined) return undefined
  if (resourceFieldRef !== undefined) {
    const { containerName } = resourceFieldRef
    const named = containerName ? containerNamed(pod, containerName) : container
    if (named === undefined) throw new MissingReference(`container ${containerName} not found`)
    return resourceField(named, resourceFieldRef, () => sources.allocatable())
  }
  const { namespace } = pod.metadata
  if (configMapKeyRef !== undefined) {
    return keyOf(dataOfConfigMap(sources, configMapKeyRef), configMapKeyRef, `ConfigMap ${namespace}/${configMapKeyRef.name}`)
  }
  if (secretKeyRef !== undefined)
    return keyOf(dataOfSecret(sources, secretKeyRef), secretKeyRef, `Secret ${namespace}/${secretKeyRef.name}`)
  if (fileKeyRef === undefined) return ''
  const { volumeName, path, key, optional } = fileKeyRef
  const file = fileOf?.(volumeName, path)
  if (file === undefined) return undefined
  const value = file === 'missing' ? 'malformed' : valueInEnvFile(file.text, key)
  if (value === 'malformed') throw new MissingReference("couldn't parse env file")
  if (value !== undefined) return value.text
  if (optional === true) return undefined
  // Upstream: the path is the volume's on the host, whose plugin holds what can be written to: an emptyDir.
  const onHost = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~empty-dir/${volumeName}/${path}`
  throw new MissingReference(`environment variable key ${JSON.stringify(key)} not found in file ${JSON.stringify(onHost)}`)
}

interface Reference {
  readonly name?: string | undefined
  readonly optional?: boolean | undefined
}

function keyOf(data: Variables | undefined, { key, optional }: Reference & { readonly key: string }, source: string): string | undefined {
  const value = data?.[key]
  if (value === undefined && optional !== true) throw new MissingReference(`couldn't find key ${key} in ${source}`)
  return value
}

/** undefined when it is optional and missing. */
function dataOfConfigMap(sources: Sources, reference: Reference): Variables | undefined {
  return found<ConfigMap>('configmap', sources.configMap(reference.name ?? ''), reference)?.data
}

function dataOfSecret(sources: Sources, reference: Reference = {}): Variables | undefined {
  const data = found<Secret>('secret', sources.secret(reference.name ?? ''), reference)?.data
  return data && Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decodeBase64(value)]))
}

function found<T>(kind: string, object: T | undefined, { name, optional }: Reference): T | undefined {
  if (object === undefined && optional !== true) throw new MissingReference(`${kind} ${JSON.stringify(name)} not found`)
  return object
}

export function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString()
}
