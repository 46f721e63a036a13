import type { KubeObject } from '../object.ts'
import type { OwnerReference } from '../types.gen.ts'

/** The one owner that manages the object, if it has one. Upstream: metav1.GetControllerOf. */
export function controllerOf(object: { metadata: { ownerReferences?: OwnerReference[] | undefined } }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)
}

/** Upstream: metav1.NewControllerRef. */
export function controllerReference(owner: KubeObject, apiVersion: string, kind: string): OwnerReference {
  return { apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true }
}
