import { badRequestError } from '../../api/meta/api-error.ts'
import type { Pod } from '../../api/types.gen.ts'
import { getEntry } from '../get.ts'
import type { Subresource } from './subresources.ts'

/** What a container printed. A simulated container keeps no output: the log of one that runs or ran is empty. */
export const podLog: Subresource = {
  text: (context, target, query) => {
    const pod = getEntry(context, target).decoded<Pod>()
    const asked = query.container as string | undefined
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    if (!asked && pod.spec.containers.length > 1) {
      const names = pod.spec.containers.map(({ name }) => name).join(' ')
      throw badRequestError(`a container name must be specified for pod ${target.name}, choose one of: [${names}]`)
    }
    const name = asked || pod.spec.containers[0]!.name
    if (!containers.some((container) => container.name === name))
      throw badRequestError(`container ${name} is not valid for pod ${target.name}`)
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    const waiting = statuses.find((each) => each.name === name)?.state?.waiting
    if (waiting !== undefined || !pod.spec.nodeName) {
      throw badRequestError(
        `container ${JSON.stringify(name)} in pod ${JSON.stringify(target.name)} is waiting to start: ${waiting?.reason ?? 'ContainerCreating'}`,
      )
    }
    return ''
  },
}
