import { controllerOf } from '../../api/meta/owner-references.ts'
import type { KubeObject } from '../../api/object.ts'
import type { OwnerReference } from '../../api/types.gen.ts'
import type { Reader } from '../../runtime/controller.ts'
import { groupOf, type ScaleKinds } from '../scale/scale-kinds.ts'

/** How many pods the controller of a pod is to have. */
export interface OwnerScale {
  /** Of the controller that decides it: a Deployment's, where its ReplicaSet is asked for. */
  readonly uid: string
  readonly replicas: number
}

/** undefined when the controller is gone, or another has its name. */
export type OwnerScaleResult = OwnerScale | { readonly error: string } | undefined

const DEPLOYMENT_GROUPS = ['apps', 'extensions']

/** The scale of a pod's controller; of a ReplicaSet's Deployment, where it has one. Upstream: disruption.go finders */
export function ownerScale(reader: Reader, kinds: ScaleKinds, namespace: string, owner: OwnerReference): OwnerScaleResult {
  const found = kinds.ofVersion(owner.apiVersion, owner.kind)
  if (found === undefined) return { error: `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"` }
  if (found.paths === undefined) return { error: `${found.resource} does not implement the scale subresource` }
  const object = reader.get<KubeObject>(found.resource, namespace, owner.name)
  if (object === undefined || object.metadata.uid !== owner.uid) return undefined
  return deploymentScale(reader, kinds, object, owner) ?? { uid: owner.uid, replicas: found.paths.replicas(object) }
}

function deploymentScale(reader: Reader, kinds: ScaleKinds, replicaSet: KubeObject, owner: OwnerReference): OwnerScale | undefined {
  if (owner.kind !== 'ReplicaSet') return undefined
  const parent = controllerOf(replicaSet)
  if (parent?.kind !== 'Deployment' || !DEPLOYMENT_GROUPS.includes(groupOf(parent.apiVersion))) return undefined
  const found = kinds.ofGroup('apps', 'Deployment')
  const deployment = found && reader.get<KubeObject>(found.resource, replicaSet.metadata.namespace ?? '', parent.name)
  if (deployment === undefined || deployment.metadata.uid !== parent.uid) return undefined
  return { uid: parent.uid, replicas: found!.paths!.replicas(deployment) }
}
