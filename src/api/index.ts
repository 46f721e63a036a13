/**
 * The kinds served, and the only place where they are registered: the facts of openapi/resources.json joined with what
 * the kinds' own files add to them. A resource without a file of its own is served from its facts alone.
 */
import { readFileSync } from 'node:fs'
import { controllerRevision } from './apps/v1/controller-revision.ts'
import { daemonSet } from './apps/v1/daemon-set.ts'
import { deployment } from './apps/v1/deployment.ts'
import { replicaSet } from './apps/v1/replica-set.ts'
import { statefulSet } from './apps/v1/stateful-set.ts'
import { cronJob } from './batch/v1/cron-job.ts'
import { job } from './batch/v1/job.ts'
import { pod } from './core/v1/pod.ts'
import type { ResourceBehaviour, ResourceDefinition, ResourceFacts } from './definition.ts'
import { qualifiedName } from './meta/api-error.ts'

/** A line a kind. To add one, import what its file exports and put it here. */
const BEHAVIOURS: readonly ResourceBehaviour[] = [cronJob, job, controllerRevision, daemonSet, deployment, replicaSet, statefulSet, pod]

/** Every resource of the data. Facts are read anew on each call: keep the answer. */
export function loadDefinitions(): readonly ResourceDefinition[] {
  const facts = JSON.parse(readFileSync(new URL('../../openapi/resources.json', import.meta.url), 'utf8')) as ResourceFacts[]
  return defineResources(facts, BEHAVIOURS)
}

/** @throws Error when a behaviour is for a resource that is not in the facts, or when there are two for one */
export function defineResources(facts: readonly ResourceFacts[], behaviours: readonly ResourceBehaviour[]): readonly ResourceDefinition[] {
  const byPath = new Map<string, ResourceBehaviour>()
  for (const behaviour of behaviours) {
    if (byPath.has(behaviour.path)) throw new Error(`two behaviours for ${behaviour.path}`)
    byPath.set(behaviour.path, behaviour)
  }
  const definitions = facts.map((fact): ResourceDefinition => {
    const apiVersion = fact.group === '' ? fact.version : `${fact.group}/${fact.version}`
    const path = `${apiVersion}/${fact.resource}`
    const behaviour = byPath.get(path)
    byPath.delete(path)
    const { path: _, ...rest } = behaviour ?? { path }
    return Object.freeze({
      ...fact,
      ...rest,
      apiVersion,
      groupResource: qualifiedName(fact),
      hasStatus: fact.subresources.status !== undefined,
    })
  })
  const [unknown] = byPath.keys()
  if (unknown !== undefined) throw new Error(`openapi/resources.json has no ${unknown}`)
  return definitions
}
