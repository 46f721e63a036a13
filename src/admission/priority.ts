import { forbiddenError } from '../api/meta/api-error.ts'
import type { Pod, PodSpec, PriorityClass } from '../api/types.gen.ts'
import { type AdmissionPlugin, type AdmissionRequest, type ClusterView, nameForMessages } from './admission.ts'

const CLASSES = 'priorityclasses.scheduling.k8s.io'

/** Turns a pod's priorityClassName into its priority, and sees that one class is the default. Upstream: plugin/admission/priority. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: ({ operation, definition, subresource }) =>
    operation !== 'delete' && subresource === '' && (definition.groupResource === 'pods' || definition.groupResource === CLASSES),
  mutate: (request, cluster) => {
    if (request.definition.groupResource !== 'pods') return
    if (request.operation === 'update') keepPriority((request.object as Pod).spec, (request.old as Pod).spec)
    else setPriority(request, cluster)
  },
  validate: ({ object, old, definition }, cluster) => {
    if (definition.groupResource !== CLASSES || !(object as PriorityClass).globalDefault) return
    const current = defaultClass(cluster)
    if (current === undefined || (old !== undefined && current.metadata.name === object!.metadata.name)) return
    throw forbiddenError(
      definition,
      nameForMessages(object!),
      `PriorityClass ${current.metadata.name} is already marked as default. Only one default can exist`,
    )
  },
}

/** In place: an update that leaves them out doesn't mean to change them. */
function keepPriority(spec: PodSpec, before: PodSpec): void {
  if (spec.priority === undefined && before.priority !== undefined) spec.priority = before.priority
  if (spec.preemptionPolicy === undefined && before.preemptionPolicy !== undefined) spec.preemptionPolicy = before.preemptionPolicy
}

function setPriority({ object, definition }: AdmissionRequest, cluster: ClusterView): void {
  const { spec } = object as Pod
  const refuse = (why: string) => forbiddenError(definition, nameForMessages(object!), why)
  const name = spec.priorityClassName
  const chosen = name ? cluster.get<PriorityClass>(CLASSES, '', name) : defaultClass(cluster)
  if (name && chosen === undefined) throw refuse(`no PriorityClass with name ${name} was found`)
  if (chosen !== undefined) spec.priorityClassName = chosen.metadata.name
  const value = chosen?.value ?? 0
  const policy = chosen === undefined ? 'PreemptLowerPriority' : chosen.preemptionPolicy
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refuse(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  spec.priority = value
  if (policy === undefined) return
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  spec.preemptionPolicy = policy
}

/** Should there be several, the lowest counts. */
function defaultClass(cluster: ClusterView): PriorityClass | undefined {
  let chosen: PriorityClass | undefined
  for (const each of cluster.list<PriorityClass>(CLASSES)) {
    if (each.globalDefault && (chosen === undefined || (each.value ?? 0) < (chosen.value ?? 0))) chosen = each
  }
  return chosen
}
