export const CLAIMS = 'resourceclaims.resource.k8s.io'
