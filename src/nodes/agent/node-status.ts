/** What a kubelet reports of its node. Upstream: pkg/kubelet/nodestatus/setters.go. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseQuantity } from '../../api/meta/quantity.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Node, NodeCondition, NodeRuntimeHandler, NodeStatus, NodeSystemInfo } from '../../api/types.gen.ts'
import { awaitsBoot, bootedAt, bootID, uuidOf } from '../node-state.ts'

/** On a Node: its capacity where that differs from the usual, as `cpu=4,memory=16Gi,nvidia.com/gpu=2`. */
export const CAPACITY_ANNOTATION = 'coracle.dev/capacity'

const DEFAULT_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '8',
  'ephemeral-storage': '100Gi',
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  memory: '32Gi',
  pods: '110',
}

const HEALTHY: readonly Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>[] = [
  { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
  { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
  { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
]

/** Until its network is set up. Upstream: setters.go ReadyCondition; the message is containerd's. */
const NOT_READY_YET = {
  type: 'Ready',
  status: 'False',
  reason: 'KubeletNotReady',
  message:
    'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady ' +
    'message:Network plugin returns error: cni plugin not initialized',
} as const

/** Of containerd 2 with runc. The nameless one is what pods without a RuntimeClass get. */
const RUNTIME_HANDLERS: readonly NodeRuntimeHandler[] = ['', 'runc'].map((name) => ({
  features: { recursiveReadOnlyMounts: true, userNamespaces: true },
  ...(name === '' ? {} : { name }),
}))

/** The features that are declared of the gates that are on. Upstream: component-helpers nodedeclaredfeatures/features/registry.go. */
const DECLARED_FEATURES: readonly string[] = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]

/** Does it say of itself that it isn't ready yet? It runs no pods then. */
export function saysNotReadyYet({ status }: Node): boolean {
  const ready = findCondition(status?.conditions, 'Ready')
  return ready?.status === 'False' && ready.message === NOT_READY_YET.message
}

/** The status with everything a kubelet reports at regular times; what the Node came with stays. Its volumes are told of elsewhere. */
export function reportedStatus(node: Node, addresses: readonly string[], kubeletVersion: string, now: number, isReady = true): NodeStatus {
  const { volumesAttached: _attached, volumesInUse: _inUse, ...status } = node.status ?? {}
  const capacity = status.capacity ?? { ...DEFAULT_CAPACITY, ...annotatedCapacity(node) }
  const others = (status.conditions ?? []).filter(({ type }) => !HEALTHY.some((healthy) => healthy.type === type))
  const hasAddress = (type: string) => status.addresses?.some((each) => each.type === type) === true
  return {
    ...status,
    addresses: [
      ...(status.addresses ?? []),
      ...(hasAddress('InternalIP') ? [] : addresses.map((address) => ({ address, type: 'InternalIP' }))),
      ...(hasAddress('Hostname') ? [] : [{ address: node.metadata.name, type: 'Hostname' }]),
    ],
    capacity,
    allocatable: status.allocatable ?? capacity,
    conditions: [
      ...others,
      ...HEALTHY.map((healthy) => {
        const said = healthy.type === 'Ready' && !isReady ? NOT_READY_YET : healthy
        return beat(findCondition(status.conditions, healthy.type), said, now)
      }),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    declaredFeatures: status.declaredFeatures ?? [...DECLARED_FEATURES],
    features: status.features ?? { supplementalGroupsPolicy: true },
    nodeInfo: {
      ...systemInfo(node, kubeletVersion),
      ...withoutEmpty(status.nodeInfo),
      ...(bootedAt(node) === undefined ? {} : { bootID: bootID(node) }),
    },
    runtimeHandlers: status.runtimeHandlers ?? [...RUNTIME_HANDLERS],
  }
}

/**
 * What Stages can't know of the machine, or ask for although no kubelet says it: kwok's own are for nodes whose `phase` is Running.
 * As a merge patch; undefined when nothing is missing.
 */
export function stagedStatus(node: Node): Partial<NodeStatus> | undefined {
  const { status = {} } = node
  const annotated = annotatedCapacity(node)
  const missing: Partial<NodeStatus> = {}
  if (status.capacity === undefined && Object.keys(annotated).length > 0) {
    missing.capacity = { ...DEFAULT_CAPACITY, ...annotated }
    missing.allocatable = missing.capacity
  }
  if (!status.phase && findCondition(status.conditions, 'Ready')?.status === 'True') missing.phase = 'Running'
  if (awaitsBoot(node)) missing.nodeInfo = { bootID: bootID(node) } as NodeSystemInfo
  return Object.keys(missing).length === 0 ? undefined : missing
}

/** Must it be reported, because something is missing or the control plane thinks ill of the node? */
export function isStatusIncomplete(node: Node, isReady = true): boolean {
  const { status } = node
  if (awaitsBoot(node)) return true
  if (status?.nodeInfo?.kubeletVersion === undefined || status.nodeInfo.kubeletVersion === '') return true
  if (status.capacity === undefined || status.allocatable === undefined) return true
  if (!status.addresses?.some(({ type }) => type === 'InternalIP')) return true
  return HEALTHY.some(({ type }) => {
    const { status: verdict = 'Unknown' } = findCondition(status.conditions, type) ?? {}
    if (type !== 'Ready') return verdict === 'Unknown'
    return isReady ? verdict !== 'True' : !saysNotReadyYet(node)
  })
}

function beat(
  old: NodeCondition | undefined,
  healthy: Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>,
  now: number,
): NodeCondition {
  const at = timestamp(now)
  // Somebody who sets a pressure by hand wants to see what follows: it stays until it is taken back by hand.
  const isSetByHand = healthy.type !== 'Ready' && old?.status === 'True'
  const next = isSetByHand ? old : healthy
  return {
    lastHeartbeatTime: at,
    lastTransitionTime: old?.status === next.status && old.lastTransitionTime ? old.lastTransitionTime : at,
    message: next.message,
    reason: next.reason,
    status: next.status,
    type: next.type,
  }
}

function annotatedCapacity(node: Node): Record<string, string> {
  const capacity: Record<string, string> = {}
  for (const part of (node.metadata.annotations?.[CAPACITY_ANNOTATION] ?? '').split(',')) {
    const [name = '', amount = ''] = part.split('=').map((text) => text.trim())
    if (name !== '' && parseQuantity(amount) !== undefined) capacity[name] = amount
  }
  return capacity
}

function systemInfo(node: Node, kubeletVersion: string): NodeSystemInfo {
  const uuid = uuidOf(`${node.metadata.uid}/${node.metadata.name}`)
  return {
    architecture: node.metadata.labels?.['kubernetes.io/arch'] ?? 'amd64',
    bootID: bootID(node),
    containerRuntimeVersion: 'containerd://2.2.1',
    kernelVersion: '6.12.57+deb13-amd64',
    kubeProxyVersion: '',
    kubeletVersion,
    machineID: uuid.replaceAll('-', ''),
    operatingSystem: node.metadata.labels?.['kubernetes.io/os'] ?? 'linux',
    osImage: 'Debian GNU/Linux 13 (trixie)',
    systemUUID: uuid,
  }
}

/** The API's defaulting may have put empty texts where nothing was given. */
function withoutEmpty(info: NodeSystemInfo | undefined): Partial<NodeSystemInfo> {
  return Object.fromEntries(Object.entries(info ?? {}).filter(([, value]) => value !== '')) as Partial<NodeSystemInfo>
}
