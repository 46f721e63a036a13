/** Makes volumes for claims of our own class of provisioner. Upstream: pv_controller.go provisionClaim, provisionClaimOperation */

import { claimReference, classOf } from '../../api/core/v1/claim-facts.ts'
import { BETA_STORAGE_PROVISIONER, CLAIMS, PROVISIONED_BY, STORAGE_PROVISIONER, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { New } from '../../api/object.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'

/** The provisioner that is built in: its volumes are a name and a size. */
export const SIMULATED_PROVISIONER = 'coracle.dev/simulated'

/** Provisioners that were part of Kubernetes; none of them is here. */
const IN_TREE = /^kubernetes\.io\//

export function provision(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): Plan {
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io ${JSON.stringify(classOf(claim))} not found`)
  const { provisioner } = storageClass
  if (IN_TREE.test(provisioner)) return failed(`no volume plugin matched name: ${provisioner}`)
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
  const object = newVolume(claim, storageClass)
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

function newVolume(claim: PersistentVolumeClaim, storageClass: StorageClass): New<PersistentVolume> {
  const name = volumeNameFor(claim)
  const { accessModes, resources, volumeMode, volumeAttributesClassName } = claim.spec
  return {
    metadata: { name, annotations: { [PROVISIONED_BY]: storageClass.provisioner } },
    spec: {
      capacity: { storage: resources?.requests?.storage ?? '0' },
      accessModes,
      volumeMode: volumeMode ?? 'Filesystem',
      claimRef: claimReference(claim),
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      ...(volumeAttributesClassName && { volumeAttributesClassName }),
      // Without node affinity: simulated data is wherever its pod is.
      hostPath: { path: `/var/lib/coracle/volumes/${name}`, type: 'DirectoryOrCreate' },
    },
  }
}
