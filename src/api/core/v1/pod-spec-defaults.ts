/**
 * What a pod spec says when it says nothing. Runs on every write of every workload, so it only touches what is there.
 * Upstream: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go and the conversions of the core group.
 */

import { canonicalQuantity } from '../../meta/quantity.ts'
import type { Container, EnvVarSource, LifecycleHandler, PodSpec, Probe } from '../../types.gen.ts'
import { isLatestImage } from './image-name.ts'
import { setResourceListDefaults, setResourceRequirementsDefaults } from './resource-list.ts'
import { setVolumeDefaults } from './volume-defaults.ts'

/**
 * Defaults shared by pods and pod templates; what only pods get is in pod-defaults.ts. Fields behind gates that are off
 * are dropped here too, where every kind with pods passes by. Upstream: pkg/api/pod/util.go dropDisabledFields.
 */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always'
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.schedulerName ||= 'default-scheduler'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  setServiceAccountTwin(spec)
  if (spec.volumes) for (const volume of spec.volumes) setVolumeDefaults(volume)
  if (spec.initContainers) for (const container of spec.initContainers) setContainerDefaults(container)
  if (spec.containers) for (const container of spec.containers) setContainerDefaults(container)
  if (spec.ephemeralContainers) for (const container of spec.ephemeralContainers) setContainerDefaults(container)
  if (spec.resources) setResourceRequirementsDefaults(spec.resources)
  if (spec.overhead) setResourceListDefaults(spec.overhead)
  if (spec.schedulingGroup) delete spec.schedulingGroup
}

/**
 * `serviceAccount` is the deprecated name of `serviceAccountName`: read when the new one is empty, always written.
 * Whoever sets serviceAccountName after defaulting calls this. Upstream: conversion.go Convert_core_PodSpec_To_v1_PodSpec.
 */
export function setServiceAccountTwin(spec: PodSpec): void {
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
}

function setContainerDefaults(container: Container): void {
  container.imagePullPolicy ||= isLatestImage(container.image) ? 'Always' : 'IfNotPresent'
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  if (container.ports) for (const port of container.ports) port.protocol ||= 'TCP'
  if (container.env) for (const { valueFrom } of container.env) if (valueFrom) setValueFromDefaults(valueFrom)
  // Not a pointer upstream: always shown, even when empty.
  if (container.resources) setResourceRequirementsDefaults(container.resources)
  else container.resources = {}
  if (container.livenessProbe) setProbeDefaults(container.livenessProbe)
  if (container.readinessProbe) setProbeDefaults(container.readinessProbe)
  if (container.startupProbe) setProbeDefaults(container.startupProbe)
  if (container.lifecycle) {
    setHandlerDefaults(container.lifecycle.postStart)
    setHandlerDefaults(container.lifecycle.preStop)
    if (container.lifecycle.stopSignal !== undefined) dropStopSignal(container)
  }
}

function dropStopSignal(container: Container): void {
  const { stopSignal: _, ...lifecycle } = container.lifecycle!
  if (lifecycle.postStart || lifecycle.preStop) container.lifecycle = lifecycle
  else delete container.lifecycle
}

/** Of an env var, and alike of a file of the downward API. */
export function setValueFromDefaults({
  fieldRef,
  resourceFieldRef,
  fileKeyRef,
}: Pick<EnvVarSource, 'fieldRef' | 'resourceFieldRef' | 'fileKeyRef'>): void {
  if (fieldRef) fieldRef.apiVersion ||= 'v1'
  if (resourceFieldRef) resourceFieldRef.divisor = canonicalQuantity(resourceFieldRef.divisor ?? '0')
  if (fileKeyRef) fileKeyRef.optional ??= false
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  setHandlerDefaults(probe)
  if (probe.grpc) probe.grpc.service ??= ''
}

function setHandlerDefaults(handler: Pick<LifecycleHandler, 'httpGet'> | undefined): void {
  const httpGet = handler?.httpGet
  if (!httpGet) return
  httpGet.path ||= '/'
  httpGet.scheme ||= 'HTTP'
}
