/** From a manifest to the pod that a node's kubelet runs. Upstream: pkg/kubelet/config/common.go. */
import { createHash } from 'node:crypto'
import type { ResourceDefinition } from '../../api/definition.ts'
import { fieldErrorText } from '../../api/meta/field-error.ts'
import { validateObjectMeta } from '../../api/meta/object-meta-validation.ts'
import { microTimestamp } from '../../api/meta/time.ts'
import { decodeObject } from '../../api/schema/decode-object.ts'
import type { Schemas } from '../../api/schema.ts'
import type { Pod, Toleration } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import { apiReferenceOf } from './api-references.ts'

export const HASH_ANNOTATION = 'kubernetes.io/config.hash'
const SEEN_ANNOTATION = 'kubernetes.io/config.seen'
const SOURCE_ANNOTATION = 'kubernetes.io/config.source'
/** So that problems of the node don't evict it. */
const TOLERATES_ALL: Toleration = { operator: 'Exists', effect: 'NoExecute' }

/** What turns a manifest's text into a Pod. */
export interface ManifestRules {
  /** The first document of a text in YAML or JSON. @throws Error */
  readonly parse: (text: string) => unknown
  readonly schemas: Schemas
  /** Of Pods. */
  readonly definition: ResourceDefinition
}

/**
 * The static pod, as the kubelet holds it: bound to its node, with its hash.
 * @param file its path; it counts for the hash, as the node does
 * @param now when it was first seen, in milliseconds since the epoch
 * @throws Error that says what is wrong with it
 */
export function staticPod(rules: ManifestRules, text: string, node: string, file: string, now: number): Pod {
  const { pod, reference } = decodePod(rules, text, file)
  if (!pod.metadata.name) throw new Error('invalid pod: name is needed for the pod')
  const hash = pod.metadata.uid || hashOf(pod, node, file)
  pod.metadata.uid = hash
  pod.metadata.name = `${pod.metadata.name}-${node.toLowerCase()}`
  pod.metadata.namespace ||= 'default'
  pod.spec.nodeName = node
  pod.spec.tolerations = [...(pod.spec.tolerations ?? []).filter((each) => !deepEqual(each, TOLERATES_ALL)), TOLERATES_ALL]
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [HASH_ANNOTATION]: hash,
    [SEEN_ANNOTATION]: microTimestamp(now),
    [SOURCE_ANNOTATION]: 'file',
  }
  const errors = [...validateObjectMeta(pod.metadata, rules.definition), ...(rules.definition.validate?.(pod) ?? [])]
  if (errors.length > 0) throw new Error(`invalid pod: [${errors.map(fieldErrorText).join(' ')}]`)
  if (reference !== undefined) throw new Error(`static pods may not reference ${reference}`)
  return pod
}

function decodePod({ parse, schemas, definition }: ManifestRules, text: string, file: string): { pod: Pod; reference: string | undefined } {
  const cannot = (why: string) => new Error(`${file}: couldn't parse as pod(${why}), please check config file`)
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw cannot((error as Error).message)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw cannot('it is no object')
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown }
  for (const [field, given] of Object.entries({ Kind: kind, apiVersion })) {
    if (!given) throw cannot(`Object '${field}' is missing in '${JSON.stringify(value)}'`)
  }
  if (kind !== definition.kind || apiVersion !== definition.apiVersion) throw cannot(`invalid pod: it is a ${kind} of ${apiVersion}`)
  // Unknown fields are dropped, as by the kubelet.
  const { object, error } = decodeObject(schemas, definition.schema, value, { fieldValidation: 'Ignore' })
  if (error !== undefined) throw cannot(error)
  const pod = object as unknown as Pod
  if (pod.spec === undefined) throw new Error('invalid pod: [spec.containers: Required value]')
  pod.metadata ??= {} as Pod['metadata']
  // Defaults drop what is behind gates that are off, and give old fields their new names.
  const reference = apiReferenceOf(pod.spec)
  definition.setDefaults?.(pod)
  return { pod, reference: reference ?? apiReferenceOf(pod.spec) }
}

/** Upstream hashes Go's view of the pod; what matters is that it changes with the pod, its node and its file. */
function hashOf(pod: Pod, node: string, file: string): string {
  return createHash('sha256')
    .update(`${JSON.stringify(pod)}host:${node}file:${file}`)
    .digest('hex')
    .slice(0, 32)
}
