import type { ResourceDefinition } from '../../api/definition.ts'

/** Just enough of a definition to decode and print a kind that is no resource of its own. */
export function virtualDefinition(group: string, kind: string, schema: string): ResourceDefinition {
  return {
    group,
    version: 'v1',
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    resource: kind.toLowerCase(),
    schema,
  } as unknown as ResourceDefinition
}
