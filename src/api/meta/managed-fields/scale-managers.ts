/**
 * Who owns the replicas, as /scale shows it and as it is kept: in the scaled object's own managedFields.
 * Upstream: managedfields/scalehandler.go.
 */
import { difference, hasPath, setOfPath } from './field-set.ts'
import type { Manager } from './managers.ts'

/** In a Scale as in every built-in kind that has one. */
const REPLICAS = ['f:spec', 'f:replicas']
const REPLICAS_SET = setOfPath(REPLICAS)
const SCALE_VERSION = 'autoscaling/v1'

/** Those of the object's managers that own its replicas, as managers of a Scale. */
export function scaleManagers(managers: readonly Manager[]): Manager[] {
  return managers
    .filter(({ fields }) => hasPath(fields, REPLICAS))
    .map((manager) => ({ ...manager, apiVersion: SCALE_VERSION, fields: REPLICAS_SET }))
}

/** The object's managers once the Scale's are `scaled`. Who comes to own the replicas this way is undated, as upstream has it. */
export function managersAfterScale(managers: readonly Manager[], scaled: readonly Manager[], apiVersion: string): Manager[] {
  const left: Manager[] = []
  const owners = scaled.filter(({ fields }) => hasPath(fields, REPLICAS))
  for (const manager of managers) {
    const isOwner = owners.some((owner) => isSameButVersion(owner, manager))
    if (isOwner || !hasPath(manager.fields, REPLICAS)) left.push(manager)
    else left.push({ ...manager, fields: difference(manager.fields, REPLICAS_SET) })
  }
  const news = owners.filter((owner) => !left.some((manager) => isSameButVersion(owner, manager) && hasPath(manager.fields, REPLICAS)))
  return [...left, ...news.map((owner) => ({ ...owner, apiVersion, time: undefined, fields: REPLICAS_SET }))]
}

function isSameButVersion(a: Manager, b: Manager): boolean {
  return a.name === b.name && a.operation === b.operation && a.subresource === b.subresource
}
