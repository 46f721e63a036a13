/** Resources that are only created and never stored: questions to the API server about who may do what. */
import {
  localSubjectAccessReviewFaults,
  selfSubjectAccessReviewFaults,
  subjectAccessReviewFaults,
} from '../../api/authorization/v1/access-review-validation.ts'
import { badRequestError, invalidError } from '../../api/meta/api-error.ts'
import type { FieldError } from '../../api/meta/field-error.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ObjectMeta, SelfSubjectRulesReview, SubjectRulesReviewStatus, TokenReview, TokenReviewStatus } from '../../api/types.gen.ts'
import { TokenError } from '../../auth/service-account-claims.ts'
import { type RegistryContext, type User, userInfoOf } from '../context.ts'
import { encodeUnstored } from '../encode.ts'
import { agreeOnNamespace } from '../strategy.ts'
import { trackFields } from '../track-fields.ts'
import { bindPodCreate } from './binding.ts'
import type { Subresource } from './subresources.ts'

/** @param answer the status; may change the object, which is the rest of the answer */
function review(answer: (object: KubeObject, user: User, context: RegistryContext) => unknown): Subresource {
  return {
    create: async (context, { definition, namespace }, object, { user, fieldManager }) => {
      wipeSystemFields(object)
      agreeOnNamespace(definition, namespace, object)
      if (fieldManager !== undefined) trackFields(context, definition, '', undefined, object, fieldManager)
      const status = await answer(object, user, context)
      const { kind, apiVersion } = definition
      const { metadata, ...rest } = object
      const answered = { ...rest, kind, apiVersion, metadata, status } as KubeObject
      return { bytes: encodeUnstored(answered), object: answered, isCreated: true }
    },
  }
}

/** Upstream: rest.WipeObjectMetaSystemFields. */
function wipeSystemFields({ metadata }: KubeObject): void {
  for (const field of ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink'] as const) {
    delete (metadata as Partial<ObjectMeta>)[field]
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
function accessReview<T>(faultsOf: (review: T) => readonly FieldError[]): Subresource {
  return review((object) => {
    const errors = faultsOf(object as T)
    // Upstream names the kind of the object that it holds, which has none any more.
    if (errors.length > 0) throw invalidError({ group: 'authorization.k8s.io', kind: '' }, '', errors)
    return { allowed: true }
  })
}

/** The answer is no more than the rules. Upstream: registry/authorization/selfsubjectrulesreview */
function allRules(object: KubeObject): SubjectRulesReviewStatus {
  const asked = object as SelfSubjectRulesReview
  if (!asked.spec.namespace) throw badRequestError('no namespace on request')
  asked.spec = {}
  asked.metadata = {} as ObjectMeta
  return {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }
}

export const REVIEWS: Readonly<Record<string, Subresource>> = {
  bindings: {
    create: (context, target, object, options) => {
      agreeOnNamespace(target.definition, target.namespace, object)
      const pods = { definition: context.resources.stored('pods'), namespace: target.namespace, name: object.metadata.name }
      return bindPodCreate.create!(context, pods, object, options)
    },
  },
  'selfsubjectaccessreviews.authorization.k8s.io': accessReview(selfSubjectAccessReviewFaults),
  'subjectaccessreviews.authorization.k8s.io': accessReview(subjectAccessReviewFaults),
  'localsubjectaccessreviews.authorization.k8s.io': accessReview(localSubjectAccessReviewFaults),
  'selfsubjectrulesreviews.authorization.k8s.io': review(allRules),
  'selfsubjectreviews.authentication.k8s.io': review((object, user, { clock }) => {
    object.metadata = { creationTimestamp: timestamp(clock.now()) } as KubeObject['metadata']
    return { userInfo: userInfoOf(user) }
  }),
  'tokenreviews.authentication.k8s.io': review(reviewToken),
}
