/** What every expression of Kubernetes may use. Upstream: apiserver/pkg/cel/environment/base.go. */
import type { Environment } from '@marcbachmann/cel-js'
import { celLibrary } from './cel-library.ts'
import { registerLists } from './list-functions.ts'
import { registerOwnNames } from './own-names.ts'
import { registerQuantities } from './quantity-functions.ts'
import { registerVersions } from './semver-functions.ts'
import { registerTexts } from './text-functions.ts'

export type { Environment } from '@marcbachmann/cel-js'

/** One of its own for the caller to add variables and types to. */
export function kubernetesEnvironment(): Environment {
  const { Environment } = celLibrary()
  const environment = new Environment({ enableOptionalTypes: true })
  registerOwnNames(environment)
  registerTexts(environment)
  registerLists(environment)
  registerQuantities(environment)
  registerVersions(environment)
  return environment
}
