/** What a pod must, and may, of which nothing is trusted: on top of the baseline. By id, which is the order of the messages. */
import type { Volume } from '../../api/types.gen.ts'
import { procMount } from './baseline.ts'
import {
  type Check,
  type CheckedPod,
  containersText,
  exceptInUserNamespace,
  exceptOnWindows,
  plural,
  quoted,
  settersOf,
  sortedSet,
  type Violation,
} from './check.ts'
import { seccompRequired } from './profiles.ts'

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const satisfies readonly (keyof Volume)[]

const RESTRICTED_VOLUMES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const satisfies readonly (keyof Volume)[]

export const RESTRICTED_CHECKS: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      { since: 8, check: allowPrivilegeEscalation },
      { since: 25, check: exceptOnWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    versions: [
      { since: 22, check: capabilities, overrides: ['capabilities_baseline'] },
      { since: 25, check: exceptOnWindows(capabilities), overrides: ['capabilities_baseline'] },
    ],
  },
  // From then on the baseline knows an exception.
  { id: 'procMount_restricted', versions: [{ since: 35, check: procMount, overrides: ['procMount'] }] },
  { id: 'restrictedVolumes', versions: [{ since: 0, check: restrictedVolumes, overrides: ['hostPathVolumes'] }] },
  {
    id: 'runAsNonRoot',
    versions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: exceptInUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: exceptInUserNamespace(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    versions: [
      { since: 19, check: seccompRequired, overrides: ['seccompProfile_baseline'] },
      { since: 25, check: exceptOnWindows(seccompRequired), overrides: ['seccompProfile_baseline'] },
    ],
  },
]

function allowPrivilegeEscalation({ containers }: CheckedPod): Violation | undefined {
  const bad = containers.filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  if (bad.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

function capabilities({ containers }: CheckedPod): Violation | undefined {
  const added = (container: CheckedPod['containers'][number]) =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const keeping = containers.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const adding = containers.filter((container) => added(container).length > 0)
  const details: string[] = []
  if (keeping.length > 0) details.push(`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`)
  if (adding.length > 0) {
    const names = quoted(sortedSet(adding.flatMap(added)))
    details.push(`${containersText(adding)} must not include ${names} in securityContext.capabilities.add`)
  }
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

function restrictedVolumes({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => VOLUMES.every((type) => volume[type] === undefined))
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map((volume) => RESTRICTED_VOLUMES.find((type) => volume[type] !== undefined) ?? 'unknown'))
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')} ${quoted(types)}`,
  }
}

function runAsNonRoot(pod: CheckedPod): Violation | undefined {
  const reason = 'runAsNonRoot != true'
  const setters = settersOf(pod, (context) => context.runAsNonRoot === false)
  if (setters !== undefined) return { reason, detail: `${setters.text} must not set securityContext.runAsNonRoot=false` }
  if (pod.spec.securityContext?.runAsNonRoot) return undefined
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined)
  if (bad.length === 0) return undefined
  return { reason, detail: `pod or ${containersText(bad)} must set securityContext.runAsNonRoot=true` }
}

function runAsUser(pod: CheckedPod): Violation | undefined {
  const setters = settersOf(pod, (context) => context.runAsUser === 0)
  return setters && { reason: 'runAsUser=0', detail: `${setters.text} must not set runAsUser=0` }
}
