/** `volumeMounts` and `volumeDevices` of containers. */
import { type FieldError, forbidden, invalid, notFound, notSupported, required } from '../../meta/field-error.ts'
import type { Container, Volume, VolumeDevice, VolumeMount } from '../../types.gen.ts'
import { checkDescendingPath, hasBacksteps } from './local-path.ts'

/** The valid volumes of a pod by name. */
export type VolumesByName = ReadonlyMap<string, Volume>

/** Upstream: validation.go ValidateVolumeMounts. */
export function checkVolumeMounts(errors: FieldError[], container: Container, volumes: VolumesByName, path: string): void {
  const mounts = container.volumeMounts!
  const devices = container.volumeDevices
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i]!
    const { name, mountPath } = mount
    if (!name) errors.push(required(`${path}[${i}].name`))
    const volume = volumes.get(name)
    if (volume === undefined) errors.push(notFound(`${path}[${i}].name`, name ?? ''))
    if (!mountPath) errors.push(required(`${path}[${i}].mountPath`))
    for (let j = 0; j < i; j++) {
      if (mounts[j]!.mountPath !== mountPath) continue
      errors.push(invalid(`${path}[${i}].mountPath`, mountPath, 'must be unique'))
      break
    }
    if (devices?.some((device) => device.name === name)) {
      errors.push(invalid(`${path}[${i}].name`, name, 'must not already exist in volumeDevices'))
    }
    if (devices?.some((device) => device.devicePath === mountPath)) {
      errors.push(invalid(`${path}[${i}].mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    }
    checkSubPaths(errors, mount, path, i)
    if (mount.mountPropagation !== undefined) checkPropagation(errors, mount, container, `${path}.mountPropagation`)
    if (mount.recursiveReadOnly !== undefined) checkRecursiveReadOnly(errors, mount, `${path}.recursiveReadOnly`)
  }
}

function checkSubPaths(errors: FieldError[], { subPath, subPathExpr }: VolumeMount, path: string, i: number): void {
  // Upstream leaves out the index here.
  if (subPath) checkDescendingPath(errors, subPath, `${path}.subPath`)
  if (!subPathExpr) return
  if (subPath) errors.push(invalid(`${path}[${i}].subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  checkDescendingPath(errors, subPathExpr, `${path}.subPathExpr`)
}

function checkPropagation(errors: FieldError[], { mountPropagation }: VolumeMount, container: Container, path: string): void {
  if (!['Bidirectional', 'HostToContainer', 'None'].includes(mountPropagation!)) {
    errors.push(notSupported(path, mountPropagation, ['Bidirectional', 'HostToContainer', 'None']))
  }
  if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    errors.push(forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'))
  }
}

function checkRecursiveReadOnly(errors: FieldError[], mount: VolumeMount, path: string): void {
  const mode = mount.recursiveReadOnly
  if (mode === 'Disabled') return
  if (mode !== 'Enabled' && mode !== 'IfPossible') {
    errors.push(notSupported(path, mode, ['Disabled', 'Enabled', 'IfPossible']))
    return
  }
  if (!mount.readOnly) errors.push(forbidden(path, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'))
  }
}

/** Upstream: validation.go ValidateVolumeDevices. */
export function checkVolumeDevices(
  errors: FieldError[],
  devices: VolumeDevice[],
  mounts: VolumeMount[] | undefined,
  volumes: VolumesByName,
  path: string,
): void {
  for (let i = 0; i < devices.length; i++) {
    const { name, devicePath } = devices[i]!
    const at = `${path}[${i}]`
    const earlier = devices.slice(0, i)
    const volume = volumes.get(name)
    if (!name) errors.push(required(`${at}.name`))
    else if (earlier.some((device) => device.name === name)) errors.push(invalid(`${at}.name`, name, 'must be unique'))
    if (volume === undefined) errors.push(notFound(`${at}.name`, name ?? ''))
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      errors.push(invalid(`${at}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'))
    }
    if (!devicePath) errors.push(required(`${at}.devicePath`))
    if (earlier.some((device) => device.devicePath === devicePath && !hasBacksteps(device.devicePath))) {
      errors.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'))
    }
    if (devicePath && hasBacksteps(devicePath)) {
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    }
    if (mounts?.some((mount) => mount.name === name)) {
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
    }
    if (mounts?.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
  }
}
