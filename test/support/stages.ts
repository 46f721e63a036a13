/** Stages as users of kwok have them: a fast life of pods, and one with delays and chances. */
import { parse } from 'yaml'

export const stage = (name: string, spec: string, kind = 'Pod', apiGroup = 'v1') =>
  parse(`
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: ${name}
spec:
  resourceRef: { apiGroup: ${apiGroup}, kind: ${kind} }
${spec.replace(/^/gm, '  ')}`)

export const READY = stage(
  'ready',
  `
selector:
  matchExpressions:
  - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
  - { key: .status.phase, operator: In, values: [Pending] }
  - { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"] }
next:
  statusTemplate: |
    {{ $now := Now }}
    conditions:
    {{ range $type := list "Initialized" "Ready" "ContainersReady" }}
    - { lastTransitionTime: {{ $now | Quote }}, status: "True", type: {{ $type }} }
    {{ end }}
    containerStatuses:
    {{ range .spec.containers }}
    - image: {{ .image | Quote }}
      name: {{ .name | Quote }}
      ready: true
      restartCount: 0
      state:
        running:
          startedAt: {{ $now | Quote }}
    {{ end }}
    initContainerStatuses:
    {{ range .spec.initContainers }}
    - image: {{ .image | Quote }}
      name: {{ .name | Quote }}
      ready: true
      restartCount: 0
      state:
        {{ if eq .restartPolicy "Always" -}}
        running: { startedAt: {{ $now | Quote }} }
        {{- else -}}
        terminated: { exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} }
        {{- end }}
    {{ end }}
    {{ with NodeIPsWith .spec.nodeName }}
    hostIP: {{ index . 0 | Quote }}
    hostIPs:
    {{ range . }}
    - ip: {{ . | Quote }}
    {{ end }}
    {{ end }}
    {{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
    podIP: {{ index . 0 | Quote }}
    podIPs:
    {{ range . }}
    - ip: {{ . | Quote }}
    {{ end }}
    {{ end }}
    phase: Running
    startTime: {{ $now | Quote }}
`,
)

export const COMPLETE = stage(
  'complete',
  `
selector:
  matchExpressions:
  - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
  - { key: .status.phase, operator: In, values: [Running] }
  - { key: '.metadata.ownerReferences.[].kind', operator: In, values: [Job] }
next:
  statusTemplate: |
    {{ $root := . }}
    containerStatuses:
    {{ range $index, $item := .spec.containers }}
    {{ $origin := index $root.status.containerStatuses $index }}
    - image: {{ $origin.image | Quote }}
      name: {{ $item.name | Quote }}
      ready: false
      restartCount: 0
      state:
        terminated: { exitCode: 0, reason: Completed, finishedAt: {{ Now | Quote }}, startedAt: {{ $origin.state.running.startedAt | Quote }} }
    {{ end }}
    phase: Succeeded
`,
)

export const DELETE = stage(
  'delete',
  `
selector:
  matchExpressions:
  - { key: .metadata.deletionTimestamp, operator: Exists }
next:
  delete: true
`,
)

export const SLOW_CREATE = stage(
  'create',
  `
selector:
  matchExpressions:
  - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
  - { key: .status.podIP, operator: DoesNotExist }
weight: 1
weightFrom: { expressionFrom: '.metadata.annotations["create.stage.kwok.x-k8s.io/weight"]' }
delay:
  durationMilliseconds: 1000
  durationFrom: { expressionFrom: '.metadata.annotations["create.stage.kwok.x-k8s.io/delay"]' }
  jitterDurationMilliseconds: 5000
  jitterDurationFrom: { expressionFrom: '.metadata.annotations["create.stage.kwok.x-k8s.io/jitter-delay"]' }
next:
  event: { type: Normal, reason: Created, message: Created container }
  finalizers: { add: [{ value: kwok.x-k8s.io/fake }] }
  statusTemplate: |
    conditions:
    {{ if .spec.initContainers }}
    - { status: "False", type: Initialized, reason: ContainersNotInitialized, message: 'incomplete: [{{ range .spec.initContainers }} {{ .name }} {{ end }}]' }
    {{ else }}
    - { status: "True", type: Initialized }
    {{ end }}
    hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
    podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
    phase: Pending
`,
)

export const CRASH = stage(
  'crash',
  `
selector:
  matchLabels: { crash: "true" }
  matchExpressions:
  - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
  - { key: .status.phase, operator: In, values: [Running] }
weight: 10000
delay: { durationMilliseconds: 7000, jitterDurationMilliseconds: 7000 }
next:
  statusTemplate: |
    {{ $annotations := or .metadata.annotations dict }}
    {{ $reason := or ( index $annotations "crash/reason" ) "containerFailed" }}
    containerStatuses:
    {{ range $index, $item := .spec.containers }}
    - image: {{ $item.image | Quote }}
      name: {{ $item.name | Quote }}
      ready: false
      restartCount: 0
      state: { terminated: { exitCode: {{ or ( index $annotations "crash/exit-code" ) 1 }}, reason: {{ $reason }} } }
    {{ end }}
    phase: Failed
`,
)

export const UNWELL_NODE = stage(
  'unwell',
  `
selector:
  matchLabels: { unwell: "true" }
delay: { durationMilliseconds: 5000 }
next:
  event: { type: Warning, reason: Unwell, message: it does not feel well }
  patches:
  - root: metadata
    template: |
      annotations: { since: {{ Now | Quote }}, name: {{ NodeName }} }
  - subresource: status
    root: status
    type: strategic
    template: |
      conditions:
      - { type: MemoryPressure, status: "True", reason: Unwell, lastTransitionTime: {{ Now | Quote }} }
`,
  'Node',
)

/** A node that isn't ready gets ready, with the room it says or a lot. */
export const NODE_READY = stage(
  'node-ready',
  `
selector:
  matchExpressions:
  - { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"] }
next:
  statusTemplate: |
    {{ $now := Now }}
    conditions:
    {{ range NodeConditions }}
    - { lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }}, message: {{ .message | Quote }}, reason: {{ .reason }}, status: {{ .status | Quote }}, type: {{ .type }} }
    {{ end }}
    addresses:
    {{ with .status.addresses }}
    {{ YAML . 1 }}
    {{ else }}
    - { address: {{ NodeIP | Quote }}, type: InternalIP }
    - { address: {{ NodeName | Quote }}, type: Hostname }
    {{ end }}
    {{ range $key := list "allocatable" "capacity" }}
    {{ $key }}:
    {{ with index $.status $key }}
    {{ YAML . 1 }}
    {{ else }}
      { cpu: 1k, memory: 1Ti, pods: 1M }
    {{ end }}
    {{ end }}
    nodeInfo: { kubeletVersion: {{ printf "kwok-%s" Version }}, bootID: {{ or .status.nodeInfo.bootID \`""\` }} }
    phase: Running
`,
  'Node',
)

/** A running node that is labelled for it fails, again and again. */
export const NODE_FAILS = stage(
  'node-fails',
  `
selector:
  matchLabels: { fails: "true" }
  matchExpressions:
  - { key: .status.phase, operator: In, values: [Running] }
weight: 10000
delay: { durationMilliseconds: 1000 }
next:
  statusTemplate: |
    conditions:
    - { type: Ready, status: "False", reason: nodeFailed, message: node failed, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }} }
`,
  'Node',
)
