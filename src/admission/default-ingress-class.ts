import { isDefaultIngressClass } from '../api/networking/v1/ingress-class.ts'
import type { Ingress } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'
import { defaultClass } from './default-class.ts'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/** An ingress that names no class gets the default one. Upstream: plugin/admission/network/defaultingressclass. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && subresource === '' && definition.groupResource === 'ingresses.networking.k8s.io',
  mutate: ({ object }, cluster) => {
    const ingress = object as Ingress
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return
    const found = defaultClass(cluster, 'ingressclasses.networking.k8s.io', isDefaultIngressClass)
    if (found !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name }
  },
}
