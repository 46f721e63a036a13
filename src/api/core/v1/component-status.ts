import { defineResource } from '../../definition.ts'

export const componentStatus = defineResource('v1/componentstatuses', {
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
})
