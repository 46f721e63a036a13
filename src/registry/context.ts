/**
 * What verbs mean, for any definition: one file a verb, each a function of this context and a request. Nothing here knows a
 * kind by name; what a kind wants is in its definition.
 */
import type { AdmissionChain } from '../admission/admission.ts'
import type { ResourceDefinition, Warn } from '../api/definition.ts'
import type { KubeObject } from '../api/object.ts'
import type { Schemas } from '../api/schema.ts'
import type { ContainerLogs } from '../api/simulation/container-logs.ts'
import type { UserInfo } from '../api/types.gen.ts'
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Cache } from '../storage/cache.ts'
import type { Resources } from './resources.ts'

export interface RegistryContext {
  readonly cache: Cache
  readonly resources: Resources
  readonly schemas: Schemas
  readonly admission: AdmissionChain
  readonly clock: Clock
  readonly random: Random
  readonly tokens: ServiceAccountTokens
  /** What pods' containers print: upstream asks their kubelets. */
  readonly logs: ContainerLogs
}

export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** As reviews and signing requests show a user. */
export function userInfoOf({ name, uid, groups, extra }: User): UserInfo {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined ? {} : { extra: extra as Record<string, string[]> }),
  }
}

/** The definition an object is asked for in, and where. `namespace` is '' for cluster-scoped resources. */
export interface Target {
  readonly definition: ResourceDefinition
  readonly namespace: string
  readonly name: string
}

export interface WriteOptions {
  readonly user: User
  readonly dryRun?: boolean
  /** Who the change is recorded for in managedFields ('' for a client that doesn't say); undefined for one that is nobody's. */
  readonly fieldManager?: string | undefined
  /** Of an update: the next state is the current one, patched. It insists on a resourceVersion only if the patch brought its own. */
  readonly isPatch?: boolean
  /** Hears what is questionable about the write; absent when nobody listens. */
  readonly warn?: Warn | undefined
}

/** An object as a verb leaves it. */
export interface ObjectResult {
  /** In the form of the definition that was asked. */
  readonly bytes: Buffer
  readonly object: KubeObject
  readonly isCreated: boolean
}
