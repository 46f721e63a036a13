/** Makes volumes for claims of our own class of provisioner. Upstream: pv_controller.go provisionClaim, provisionClaimOperation */

import { SIMULATED_DRIVER } from '../../api/core/v1/attachable-volume.ts'
import { claimReference, classOf } from '../../api/core/v1/claim-facts.ts'
import {
  BETA_STORAGE_PROVISIONER,
  CLAIMS,
  FILES,
  PROVISIONED_BY,
  STORAGE_PROVISIONER,
  VOLUMES,
} from '../../api/core/v1/volume-annotations.ts'
import type { New } from '../../api/object.ts'
import type { Node, NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { isInTree, successorOf } from './csi-migration.ts'
import { type CloneSource, sourceVerdict } from './data-source.ts'

const NO_CLONE: CloneSource = { claim: undefined, volume: undefined }

/** The provisioner that is built in: its volumes are a name, a size and what scripts write to them. */
export const SIMULATED_PROVISIONER = 'coracle.dev/simulated'

/**
 * @param node where its first consumer is to run, when it waited for one
 * @param clone what it is a clone of, if it is one
 */
export function provision(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined, node?: Node, clone = NO_CLONE): Plan {
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io ${JSON.stringify(classOf(claim))} not found`)
  const provisioner = successorOf(storageClass.provisioner) ?? storageClass.provisioner
  if (isInTree(provisioner)) return failed(`no volume plugin matched name: ${provisioner}`)
  const actions: Action[] = []
  const { namespace = '', name, uid, annotations } = claim.metadata
  if (annotations?.[STORAGE_PROVISIONER] !== provisioner) {
    const patch = { metadata: { uid, annotations: { [BETA_STORAGE_PROVISIONER]: provisioner, [STORAGE_PROVISIONER]: provisioner } } }
    actions.push({ verb: 'patch', target: { resource: CLAIMS, namespace, name }, patch })
  }
  if (provisioner !== SIMULATED_PROVISIONER) {
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
      'If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
    return { actions, events: [{ type: 'Normal', reason: 'ExternalProvisioning', message }], waitingOn: `provisioner ${provisioner}` }
  }
  const verdict = sourceVerdict(claim, clone)
  if (verdict === 'populated') {
    const message = 'Assuming an external populator will provision the volume'
    return { actions, events: [{ type: 'Normal', reason: 'Provisioning', message }], waitingOn: 'a populator' }
  }
  if (verdict !== 'none') return { actions, ...failed(verdict.fault) }
  const object = newVolume(claim, storageClass, node, clone)
  actions.push({
    verb: 'create',
    resource: VOLUMES,
    object,
    event: {
      type: 'Normal',
      reason: 'ProvisioningSucceeded',
      message: `Successfully provisioned volume ${object.metadata.name} using ${provisioner}`,
    },
    failureEvent: {
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message: `Error creating provisioned PV object for claim ${namespace}/${name}: `,
    },
  })
  return { actions }
}

function failed(message: string): Plan {
  const event: PlannedEvent = { type: 'Warning', reason: 'ProvisioningFailed', message }
  return { events: [event], waitingOn: message }
}

export function volumeNameFor({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata.uid}`
}

function newVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node | undefined,
  clone: CloneSource,
): New<PersistentVolume> {
  const name = volumeNameFor(claim)
  const { accessModes, resources, volumeMode, volumeAttributesClassName } = claim.spec
  const nodeSelectorTerms = topologyTerms(storageClass, node)
  const files = clone.volume?.metadata.annotations?.[FILES]
  return {
    metadata: { name, annotations: { [PROVISIONED_BY]: storageClass.provisioner, ...(files !== undefined && { [FILES]: files }) } },
    spec: {
      capacity: { storage: resources?.requests?.storage ?? '0' },
      accessModes,
      volumeMode: volumeMode ?? 'Filesystem',
      claimRef: claimReference(claim),
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      ...(volumeAttributesClassName && { volumeAttributesClassName }),
      // Simulated data is wherever its pod is, unless its class is of some places only.
      ...(nodeSelectorTerms && { nodeAffinity: { required: { nodeSelectorTerms } } }),
      csi: { driver: SIMULATED_DRIVER, volumeHandle: name },
    },
  }
}

/**
 * Where a class says its volumes may be: in the place of the node that was selected, or else in any of them.
 * Upstream: the CSI external-provisioner, pkg/controller/topology.go GenerateAccessibilityRequirements
 */
function topologyTerms({ allowedTopologies }: StorageClass, node: Node | undefined): NodeSelectorTerm[] | undefined {
  if (!allowedTopologies?.length) return undefined
  const terms = allowedTopologies.map(({ matchLabelExpressions = [] }) => matchLabelExpressions)
  const labels = node?.metadata.labels ?? {}
  const own = terms.find((each) => each.every(({ key, values }) => values.includes(labels[key] ?? '')))
  if (node === undefined || own === undefined) {
    return terms.map((each) => ({ matchExpressions: each.map(({ key, values }) => ({ key, operator: 'In', values: [...values] })) }))
  }
  return [{ matchExpressions: own.map(({ key }) => ({ key, operator: 'In', values: [labels[key]!] })) }]
}
