import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../src/api/types.gen.ts'
import { couldRestartAll, isRestartable, restartsAll } from '../../src/nodes/restart-rule.ts'

const rule = (action: string, operator: string, ...values: number[]) => ({ action, exitCodes: { operator, values } })

describe('isRestartable', () => {
  it.each<[string, string, Partial<Container>, number, boolean]>([
    ['the policy of the pod', 'Always', {}, 0, true],
    ['the policy of the pod', 'OnFailure', {}, 0, false],
    ['the policy of the pod', 'OnFailure', {}, 1, true],
    ['the policy of the pod', 'Never', {}, 1, false],
    ['its own policy instead', 'Never', { restartPolicy: 'Always' }, 0, true],
    ['its own policy instead', 'Always', { restartPolicy: 'OnFailure' }, 0, false],
    ['its own policy instead', 'Always', { restartPolicy: 'Never' }, 1, false],
    ['a rule that is about the code', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42, 43)] }, 43, true],
    ['no rule that is not', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42, 43)] }, 44, false],
    ['a rule about all other codes', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'NotIn', 0)] }, 1, true],
    ['a rule about all other codes', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'NotIn', 0)] }, 0, false],
    ['its policy where no rule is', 'Never', { restartPolicy: 'OnFailure', restartPolicyRules: [rule('Restart', 'In', 42)] }, 1, true],
    ['rules only beside a policy of its own', 'Never', { restartPolicyRules: [rule('Restart', 'In', 42)] }, 42, false],
    ['a rule that restarts all', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('RestartAllContainers', 'In', 7)] }, 7, true],
    ['an operator nobody knows: none', 'Never', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'Exists', 1)] }, 1, false],
  ])('%s (%s)', (_what, restartPolicy, own, exitCode, expected) => {
    expect(isRestartable({ restartPolicy } as PodSpec, { name: 'c', ...own }, exitCode)).toBe(expected)
  })
})

describe('restartsAll', () => {
  const rules = (...restartPolicyRules: object[]) => ({ name: 'c', restartPolicy: 'Never', restartPolicyRules }) as Container
  it('goes by the first rule about the code', () => {
    const container = rules(rule('Restart', 'In', 1), rule('RestartAllContainers', 'NotIn', 0))
    expect([0, 1, 2].map((code) => restartsAll(container, code))).toEqual([false, false, true])
  })

  it('may be by init containers too', () => {
    const spec = (initContainers: Container[], containers: Container[]) => ({ initContainers, containers }) as PodSpec
    const all = rules(rule('RestartAllContainers', 'In', 1))
    expect(couldRestartAll(spec([], [{ name: 'a' }]))).toBe(false)
    expect(couldRestartAll(spec([], [rules(rule('Restart', 'In', 1))]))).toBe(false)
    expect(couldRestartAll(spec([], [{ name: 'a' }, all]))).toBe(true)
    expect(couldRestartAll(spec([all], [{ name: 'a' }]))).toBe(true)
  })
})
