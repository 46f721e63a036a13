import { forbiddenError } from '../api/meta/api-error.ts'
import type { Pod, PriorityClass } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

const CLASSES = 'priorityclasses.scheduling.k8s.io'

/** Turns a Pod's priorityClassName into its priority. Upstream: plugin/admission/priority. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: ({ operation, definition, subresource }) => operation === 'create' && subresource === '' && definition.groupResource === 'pods',
  mutate: ({ object, definition }, cluster) => {
    const pod = object as Pod
    const refuse = (why: string) => forbiddenError(definition, nameForMessages(pod), why)
    let chosen: PriorityClass | undefined
    if (pod.spec.priorityClassName) {
      chosen = cluster.get<PriorityClass>(CLASSES, '', pod.spec.priorityClassName)
      if (chosen === undefined) throw refuse(`no PriorityClass with name ${pod.spec.priorityClassName} was found`)
    } else {
      // Of several defaults the lowest counts.
      for (const each of cluster.list<PriorityClass>(CLASSES)) {
        if (each.globalDefault && (chosen === undefined || (each.value ?? 0) < (chosen.value ?? 0))) chosen = each
      }
      if (chosen !== undefined) pod.spec.priorityClassName = chosen.metadata.name
    }
    const value = chosen?.value ?? 0
    const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority'
    if (pod.spec.priority !== undefined && pod.spec.priority !== value) {
      throw refuse(
        `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      )
    }
    if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== policy) {
      throw refuse(
        `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      )
    }
    pod.spec.priority = value
    pod.spec.preemptionPolicy = policy
  },
}
