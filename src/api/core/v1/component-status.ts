import { defineResource } from '../../definition.ts'
import { column } from '../../table-columns.ts'
import type { ComponentCondition, ComponentStatus } from '../../types.gen.ts'
import { nameColumn } from './metadata-columns.ts'

export const componentStatus = defineResource<ComponentStatus>('v1/componentstatuses', {
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn,
    column('Status', 'string', 'Is the component well?', (object) => {
      const health = healthOf(object)
      return health === undefined ? 'Unknown' : health.status === 'True' ? 'Healthy' : 'Unhealthy'
    }),
    column('Message', 'string', 'What it says of its health.', (object) => healthOf(object)?.message ?? ''),
    column('Error', 'string', 'What went wrong.', (object) => healthOf(object)?.error ?? ''),
  ],
})

function healthOf({ conditions }: ComponentStatus): ComponentCondition | undefined {
  return conditions?.find(({ type }) => type === 'Healthy')
}
