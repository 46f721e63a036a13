/** Resources that are only created and never stored: questions to the API server about who may do what. */
import type { ResourceDefinition } from '../../api/definition.ts'
import type { KubeObject } from '../../api/object.ts'
import type { User } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { bindPodCreate } from './binding.ts'
import type { Subresource } from './subresources.ts'

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

function review(answer: (object: KubeObject, user: User) => unknown): Subresource {
  return {
    create: async (_context, { definition }, object, { user }) => {
      const answered = { ...object, kind: definition.kind, apiVersion: definition.apiVersion, status: answer(object, user) }
      return { bytes: encodeUnstored(answered), object: answered, isCreated: true }
    },
  }
}

/** There is one user, who may do everything. */
const allowed = review(() => ({ allowed: true }))

export const REVIEWS: Readonly<Record<string, Subresource>> = {
  bindings: {
    create: (context, target, object, options) => {
      const pods = { definition: context.resources.stored('pods'), namespace: target.namespace, name: object.metadata.name }
      return bindPodCreate.create!(context, pods, object, options)
    },
  },
  'selfsubjectaccessreviews.authorization.k8s.io': allowed,
  'subjectaccessreviews.authorization.k8s.io': allowed,
  'localsubjectaccessreviews.authorization.k8s.io': allowed,
  'selfsubjectrulesreviews.authorization.k8s.io': review(() => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  })),
  'selfsubjectreviews.authentication.k8s.io': review((_object, user) => ({ userInfo: { username: user.name, groups: user.groups } })),
  'tokenreviews.authentication.k8s.io': review(() => ({ user: {}, error: 'invalid bearer token' })),
}
