/**
 * Every active namespace has the ConfigMap `kube-root-ca.crt`, with the certificate that the API server is verified by.
 * Upstream: pkg/controller/certificates/rootcacertpublisher/publisher.go
 */
import type { KubeObject } from '../../api/object.ts'
import type { ConfigMap, Namespace } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { ControllerDefinition, Key } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'

const CONFIG_MAPS = 'configmaps'
const NAMESPACES = 'namespaces'
const NAME = 'kube-root-ca.crt'
const DESCRIPTION_ANNOTATION = 'kubernetes.io/description'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or ' +
  'kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

export interface ObservedRootCa {
  readonly namespace: Namespace
  readonly configMap: ConfigMap | undefined
}

/** @param certificate PEM */
export function rootCaCertificatePublisher(certificate: string): ControllerDefinition<ObservedRootCa> {
  return {
    name: 'root-ca-certificate-publisher',
    reconciles: NAMESPACES,
    watches: {},
    watchesDigests: { [CONFIG_MAPS]: { keysOf: (current, old) => namespaceOf((current ?? old)!), keep: publishedContent } },
    observe(reader, key) {
      const namespace = reader.get<Namespace>(NAMESPACES, '', key)
      return namespace && { namespace, configMap: reader.get<ConfigMap>(CONFIG_MAPS, key, NAME) }
    },
    reconcile: (observed) => reconcileRootCa(observed, certificate),
  }
}

function namespaceOf({ metadata }: KubeObject): readonly Key[] {
  return metadata.name === NAME ? [metadata.namespace ?? ''] : []
}

/** Of all other ConfigMaps the content is nothing to us. */
function publishedContent({ metadata, data }: ConfigMap) {
  if (metadata.name !== NAME) return {}
  const { annotations, labels } = metadata
  return { data, metadata: { ...(annotations && { annotations }), ...(labels && { labels }) } }
}

export function reconcileRootCa({ namespace, configMap }: ObservedRootCa, certificate: string): Plan {
  if (namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating') return {}
  const data = { 'ca.crt': certificate }
  if (configMap === undefined) {
    const metadata = { name: NAME, namespace: namespace.metadata.name, annotations: { [DESCRIPTION_ANNOTATION]: DESCRIPTION } }
    return { actions: [{ verb: 'create', resource: CONFIG_MAPS, object: { metadata, data } as never }] }
  }
  const isDescribed = configMap.metadata.annotations?.[DESCRIPTION_ANNOTATION] === DESCRIPTION
  if (isDescribed && deepEqual(configMap.data ?? {}, data)) return {}
  const strangers = Object.keys(configMap.data ?? {}).filter((key) => key !== 'ca.crt')
  const patch = {
    metadata: { annotations: { [DESCRIPTION_ANNOTATION]: DESCRIPTION } },
    data: { ...data, ...Object.fromEntries(strangers.map((key) => [key, null])) },
  }
  return { actions: [{ verb: 'patch', target: { resource: CONFIG_MAPS, namespace: namespace.metadata.name, name: NAME }, patch }] }
}
