/** Why the kubelet can't make a container. Upstream: kuberuntime_container.go generateContainerConfig. */
import type { Container, Pod } from '../../api/types.gen.ts'

/** @param environmentFault what is the matter with its variables */
export function configFault(pod: Pod, container: Container, environmentFault: string | undefined): string | undefined {
  return environmentFault ?? rootFault(pod, container)
}

/** Only what the pod itself says counts: nobody knows the users of images. Upstream: verifyRunAsNonRoot. */
function rootFault({ metadata, spec }: Pod, { name, securityContext }: Container): string | undefined {
  const isNonRoot = securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot ?? false
  const user = securityContext?.runAsUser ?? spec.securityContext?.runAsUser
  if (!isNonRoot || user !== 0) return undefined
  const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`
  return `container's runAsUser breaks non-root policy (pod: ${JSON.stringify(pod)}, container: ${name})`
}
