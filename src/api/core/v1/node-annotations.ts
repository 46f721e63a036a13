/** The annotations of nodes that meant something once, and must still be well formed. */
import { type FieldError, invalid, required } from '../../meta/field-error.ts'
import type { Node, Taint } from '../../types.gen.ts'
import { jsonFault } from './json-fault.ts'
import { checkTaints } from './scheduling-validation.ts'

const PATH = 'metadata.annotations'
const TAINTS = 'scheduler.alpha.kubernetes.io/taints'
const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods'

/** What AvoidPods says of controllers whose pods had better run elsewhere. */
interface AvoidPods {
  readonly preferAvoidPods?: readonly { readonly podSignature?: { readonly podController?: { readonly controller?: boolean } } }[]
}

/** Upstream: validation.go ValidateNodeSpecificAnnotations. */
export function checkNodeAnnotations(errors: FieldError[], { metadata: { annotations } }: Node): void {
  const taints = annotations?.[TAINTS]
  if (taints) {
    const fault = jsonFault(taints, 'array', '[]core.Taint')
    if (fault !== undefined) errors.push(invalid(PATH, TAINTS, fault))
    else checkTaints(errors, (JSON.parse(taints) as Taint[] | null) ?? [], `${PATH}.${TAINTS}`)
  }
  const avoided = annotations?.[AVOID_PODS]
  if (avoided) checkAvoidPods(errors, avoided)
}

function checkAvoidPods(errors: FieldError[], text: string): void {
  const fault = jsonFault(text, 'object', 'v1.AvoidPods')
  if (fault !== undefined) {
    errors.push(invalid(`${PATH}.AvoidPods`, AVOID_PODS, fault))
    return
  }
  const { preferAvoidPods = [] } = (JSON.parse(text) as AvoidPods | null) ?? {}
  preferAvoidPods.forEach(({ podSignature }, i) => {
    const at = `${PATH}.${AVOID_PODS}[${i}].PodSignature`
    const controller = podSignature?.podController
    if (!controller) errors.push(required(at))
    else if (controller.controller !== true) errors.push(invalid(`${at}.PodController.Controller`, false, 'must point to a controller'))
  })
}
