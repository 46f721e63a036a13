/** A VolumeAttributesClass that is deleted stays while a claim or a volume has to do with it. Upstream: pkg/controller/volume/vacprotection */
import { attributesClassesOf } from '../../api/core/v1/claim-attributes-classes.ts'
import type { KubeObject } from '../../api/object.ts'
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../api/types.gen.ts'
import type { ControllerDefinition, KeysOf } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'
import { protect } from '../pvc-protection/protect.ts'

const CLASSES = 'volumeattributesclasses.storage.k8s.io'
const CLAIMS = 'persistentvolumeclaims'
const VOLUMES = 'persistentvolumes'
const BY_CLASS = 'class'
const FINALIZER = 'kubernetes.io/vac-protection'

export interface ObservedProtectedClass {
  readonly found: VolumeAttributesClass
  readonly users: readonly KubeObject[]
}

const classesOfVolume = ({ spec }: PersistentVolume) => (spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [])

export const vacProtectionController: ControllerDefinition<ObservedProtectedClass> = {
  name: 'volumeattributesclass-protection',
  reconciles: CLASSES,
  watches: {
    [CLAIMS]: freedClasses((object) => attributesClassesOf(object as PersistentVolumeClaim)),
    [VOLUMES]: freedClasses((object) => classesOfVolume(object as PersistentVolume)),
  },
  indexes: { [CLAIMS]: { [BY_CLASS]: attributesClassesOf }, [VOLUMES]: { [BY_CLASS]: classesOfVolume } },
  observe(reader, name) {
    const found = reader.get<VolumeAttributesClass>(CLASSES, '', name)
    if (found === undefined) return undefined
    const isGoing = found.metadata.deletionTimestamp !== undefined
    return { found, users: isGoing ? [CLAIMS, VOLUMES].flatMap((resource) => reader.indexed(resource, BY_CLASS, name)) : [] }
  },
  reconcile: reconcileProtectedClass,
}

/** What an object had to do with before, and no more. */
function freedClasses(classesOf: (object: KubeObject) => readonly string[]): KeysOf {
  return (current, old) => {
    if (old === undefined) return []
    const left = current === undefined ? [] : classesOf(current)
    return classesOf(old).filter((name) => !left.includes(name))
  }
}

export function reconcileProtectedClass({ found, users: [user] }: ObservedProtectedClass): Plan {
  return protect(CLASSES, found, FINALIZER, user && `${user.kind} ${user.metadata.name} has to do with it`)
}
