/** Labels of nodes that had better not be asked for any more. Upstream: pkg/api/node/util.go. */
import { isValidLabelValue } from '../../meta/names.ts'
import type { LabelSelector, NodeSelectorTerm } from '../../types.gen.ts'

const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

/** undefined for a label that is fine. */
export function nodeLabelDeprecation(key: string | undefined): string | undefined {
  return key === undefined ? undefined : DEPRECATED.get(key)
}

/** Of labels by key: a deprecation for each that has one, told at `at(key)`. */
export function nodeLabelsWarnings(labels: Readonly<Record<string, string>> | undefined, at: (key: string) => string): string[] {
  const texts: string[] = []
  for (const key in labels) {
    const message = DEPRECATED.get(key)
    if (message !== undefined) texts.push(`${at(key)}: ${message}`)
  }
  return texts
}

/** @param checksValues of preferences, whose values nobody validates */
export function nodeTermWarnings({ matchExpressions }: NodeSelectorTerm, path: string, checksValues = false): string[] {
  const texts: string[] = []
  matchExpressions?.forEach(({ key, values }, i) => {
    const at = `${path}.matchExpressions[${i}]`
    const message = nodeLabelDeprecation(key)
    if (message !== undefined) texts.push(`${at}.key: ${key} is ${message}`)
    if (!checksValues) return
    values?.forEach((value, j) => {
      for (const fault of isValidLabelValue(value)) texts.push(`${at}.values[${j}]: ${value} is invalid, ${fault}`)
    })
  })
  return texts
}

export function nodeSelectorWarnings(selector: LabelSelector | undefined, path: string): string[] {
  if (selector === undefined) return []
  return [...nodeTermWarnings(selector, path), ...nodeLabelsWarnings(selector.matchLabels, (key) => `${path}.matchLabels.${key}`)]
}
