/** Resources that are only created and never stored: questions to the API server about who may do what. */
import { badRequestError } from '../../api/meta/api-error.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { TokenReview, TokenReviewStatus } from '../../api/types.gen.ts'
import { TokenError } from '../../auth/service-account-claims.ts'
import { type RegistryContext, type User, userInfoOf } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { bindPodCreate } from './binding.ts'
import type { Subresource } from './subresources.ts'

function review(answer: (object: KubeObject, user: User, context: RegistryContext) => unknown): Subresource {
  return {
    create: async (context, { definition }, object, { user }) => {
      const { kind, apiVersion } = definition
      const status = await answer(object, user, context)
      const answered = { ...object, kind, apiVersion, status } as KubeObject
      return { bytes: encodeUnstored(answered), object: answered, isCreated: true }
    },
  }
}

/** Who holds this token? Upstream: registry/authentication/tokenreview */
async function reviewToken(object: KubeObject, _user: User, { tokens }: RegistryContext): Promise<TokenReviewStatus> {
  const { token, audiences } = (object as TokenReview).spec
  if (!token) throw badRequestError('token is required for TokenReview in authentication')
  try {
    const checked = await tokens.check(token, audiences?.length ? audiences : undefined)
    return { authenticated: true, user: userInfoOf(checked.user), audiences: [...checked.audiences] }
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    // Of upstream's two authenticators of bearer tokens the first knows only the API server's own.
    const [first, second] = ['invalid bearer token', error.message]
    return { user: {}, error: first === second ? first : `[${first}, ${second}]` }
  }
}

/** Everybody may do everything: there is no authorization yet. */
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
  'selfsubjectreviews.authentication.k8s.io': review((object, user, { clock }) => {
    object.metadata = { creationTimestamp: timestamp(clock.now()) } as KubeObject['metadata']
    return { userInfo: userInfoOf(user) }
  }),
  'tokenreviews.authentication.k8s.io': review(reviewToken),
}
