import type { PersistentVolumeClaim } from '../../types.gen.ts'

/** The VolumeAttributesClasses a claim has to do with: the one it wants, the one it has, and the one it is on its way to. */
export function attributesClassesOf({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names.filter((name): name is string => Boolean(name)))]
}
