/** The structs of Go that messages about devices show. Upstream: pkg/apis/resource/types.go. */
import { goStructTable, showGoStruct } from '../../meta/go-struct.ts'

/** @param type Go's name of the struct: `ResourceClaimSpec` */
export function showDeviceStruct(type: string, value: unknown): Record<string, unknown> {
  return showGoStruct(value, deviceStruct(type))
}

const deviceStruct = goStructTable(`
ResourceClaimSpec: Devices:DeviceClaim
ResourceClaimTemplateSpec: labels~? annotations~? ownerReferences~[]OwnerReference finalizers~? Spec:ResourceClaimSpec
AllocationResult: Devices:DeviceAllocationResult NodeSelector*NodeSelector AllocationTimestamp?
DeviceAttribute: IntValue@int? BoolValue@bool? StringValue@string? VersionValue@version? IntValues@ints? BoolValues@bools?
  StringValues@strings? VersionValues@versions?
DeviceClaim: Requests[]DeviceRequest Constraints[]DeviceConstraint Config[]DeviceClaimConfiguration
OwnerReference: apiVersion kind name uid controller~? blockOwnerDeletion~?
DeviceAllocationResult: Results[]DeviceRequestAllocationResult Config[]DeviceAllocationConfiguration
NodeSelector: NodeSelectorTerms[]NodeSelectorTerm
NodeSelectorTerm: MatchExpressions[]NodeSelectorRequirement MatchFields[]NodeSelectorRequirement
NodeSelectorRequirement: Key Operator Values?
DeviceRequest: Name Exactly*ExactDeviceRequest FirstAvailable[]DeviceSubRequest
ExactDeviceRequest: DeviceClassName Selectors[]DeviceSelector AllocationMode Count# AdminAccess? Tolerations[]DeviceToleration
  Capacity*CapacityRequirements
DeviceSubRequest: Name DeviceClassName Selectors[]DeviceSelector AllocationMode Count# Tolerations[]DeviceToleration
  Capacity*CapacityRequirements
DeviceConstraint: Requests? MatchAttribute? DistinctAttribute?
DeviceClaimConfiguration: Requests? Opaque*OpaqueDeviceConfiguration
DeviceRequestAllocationResult: Request Driver Pool Device AdminAccess? Tolerations[]DeviceToleration BindingConditions?
  BindingFailureConditions? ShareID? ConsumedCapacity?
DeviceAllocationConfiguration: Source Requests? Opaque*OpaqueDeviceConfiguration
OpaqueDeviceConfiguration: Driver Parameters
DeviceToleration: Key Operator Value Effect TolerationSeconds?
DeviceSelector: CEL*CELDeviceSelector
CELDeviceSelector: Expression
CapacityRequirements: Requests?
`)
