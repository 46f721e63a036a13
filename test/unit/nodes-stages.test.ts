import { describe, expect, it } from 'vitest'
import type { KubeObject, Stage } from '../../src/index.ts'
import { compileQuery } from '../../src/nodes/stages/jq.ts'
import { chooseStage, compileStage } from '../../src/nodes/stages/stage.ts'
import { compileTemplate } from '../../src/nodes/stages/template.ts'
import { genericFunctions } from '../../src/nodes/stages/template-functions.ts'

const POD = {
  metadata: {
    name: 'web',
    labels: { 'a.b/c': 'x' },
    annotations: { delay: '3s', weight: '5', empty: '', at: '2026-01-01T00:00:09Z' },
    ownerReferences: [{ kind: 'Job' }, { kind: 'Other' }],
  },
  spec: { containers: [{ name: 'a', image: 'i' }, { name: 'b' }] },
  status: {
    phase: 'Pending',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
    count: 3,
  },
} as unknown as KubeObject

describe('jq', () => {
  it.each<[string, unknown[]]>([
    ['.', [POD]],
    ['.metadata.name', ['web']],
    ['.metadata.labels["a.b/c"]', ['x']],
    ['.metadata."name"', ['web']],
    ['.metadata.deletionTimestamp', []],
    ['.nothing.at.all', []],
    ['.metadata.name.too.far', []],
    ['.metadata.ownerReferences.[].kind', ['Job', 'Other']],
    ['.metadata.ownerReferences[1].kind', ['Other']],
    ['.nothing[].kind', []],
    ['.status.conditions.[] | select( .type == "Ready" ) | .status', ['True']],
    ['.status.conditions[] | select(.type != "Ready" and (.status == "True" | not)) | .type', ['Other']],
    ['.status.conditions | length', [2]],
    ['.status.count > 2', [true]],
    ['.status.missing // .status.phase', ['Pending']],
    ['.spec.containers | map(.name)', [['a', 'b']]],
    ['.status | has("phase")', [true]],
    ['.metadata.name[]?', []],
  ])('%s', (query, expected) => {
    expect(compileQuery(query)(POD)).toEqual(expected)
  })

  it.each(['.a | limit(1)', '.a[', 'select(.a', '.a ~ 1', '. .'])('refuses %s', (query) => {
    expect(() => compileQuery(query)).toThrow()
  })
})

describe('templates', () => {
  const functions = genericFunctions(Date.parse('2026-01-01T00:00:00Z'), Date.parse('2025-12-31T00:00:00Z'), 'v0.8.0')
  it.each<[string, string]>([
    ['a {{ .metadata.name }} b', 'a web b'],
    ['{{- .metadata.name -}}  c', 'webc'],
    ['a  {{/* nothing */}}b', 'a  b'],
    ['{{ $x := .metadata }}{{ $x.name }}', 'web'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
    ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}', '1'],
    ['{{ range .spec.containers }}{{ .name }},{{ end }}', 'a,b,'],
    ['{{ range $i, $c := .spec.containers }}{{ $i }}{{ $c.name }}{{ $.metadata.name }};{{ end }}', '0aweb;1bweb;'],
    ['{{ range .spec.none }}x{{ else }}none{{ end }}', 'none'],
    ['{{ range .spec.containers }}{{ if .image }}{{ continue }}{{ end }}{{ .name }}{{ end }}', 'b'],
    ['{{ range $key, $value := dict "b" 1 "a" 2 }}{{ $key }}{{ $value }}{{ end }}', 'a2b1'],
    ['{{ with .spec.none }}x{{ else with .metadata }}{{ .name }}{{ end }}', 'web'],
    ['{{ if eq .status.phase "Running" "Pending" }}1{{ else if true }}2{{ else }}3{{ end }}', '1'],
    ['{{ if not .status.none }}no{{ end }}', 'no'],
    ['{{ or .status.none "" "x" }}{{ and 1 0 }}', 'x0'],
    ['{{ index .metadata.labels "a.b/c" }}', 'x'],
    ['{{ (index .spec.containers 1).name }}', 'b'],
    ['{{ .status.none }}', '<no value>'],
    ['{{ "a\\tb" | Quote }} {{ 3 | Quote }} {{ .status.none | Quote }}', '"a\\tb" "3" "null"'],
    ['{{ `raw "x"` }}', 'raw "x"'],
    ['{{ Now }} {{ Now | Quote }}', '2026-01-01T00:00:00.000Z "2026-01-01T00:00:00.000Z"'],
    ['{{ printf "%s-%03d-%q" "a" 7 "b" }}', 'a-007-"b"'],
    ['{{ .spec.none | default "d" | upper }}', 'D'],
    ['x:{{ YAML (dict "a" (list 1 2)) 1 }}', 'x:\n  a:\n    - 1\n    - 2\n  '],
    ['{{ len .spec.containers }} {{ add 1 2 3 }} {{ trimSuffix "b" "web" }}', '2 6 we'],
    ['{{ range NodeConditions }}{{ .type }} {{ end }}', 'Ready MemoryPressure DiskPressure PIDPressure NetworkUnavailable '],
    ['{{ kindIs "string" .metadata.name }} {{ ternary 1 2 true }} {{ toJson .spec.none }}', 'true 1 null'],
  ])('%s', (template, expected) => {
    expect(compileTemplate(template)(POD, functions)).toBe(expected)
  })

  it.each([
    ['{{ if .a }}', 'unexpected EOF'],
    ['{{ end }}', 'unexpected {{end}}'],
    ['{{ .a', 'unclosed action'],
    ['{{ $none }}', 'undefined variable "$none"'],
    ['{{ none 1 }}', 'function "none" not defined'],
    ['{{ define "x" }}{{ end }}', 'define is not supported'],
    ['{{ index (list 1) 4 }}', 'error calling index: index out of range: 4'],
    ['{{ .a "b" }}', "can't give argument to non-function"],
  ])('refuses %s', (template, message) => {
    expect(() => compileTemplate(template)(POD, functions)).toThrow(message)
  })
})

describe('a Stage', () => {
  const make = (name: string, spec: object) =>
    compileStage({ metadata: { name }, spec: { resourceRef: { kind: 'Pod' }, selector: {}, ...spec } } as unknown as Stage)!
  const expression = (key: string, operator: string, ...values: string[]) => ({
    selector: { matchExpressions: [{ key, operator, values }] },
  })

  it.each<[string, object, boolean]>([
    ['nothing asked', {}, true],
    ['labels', { selector: { matchLabels: { 'a.b/c': 'x' } } }, true],
    ['other labels', { selector: { matchLabels: { 'a.b/c': 'y' } } }, false],
    ['annotations', { selector: { matchAnnotations: { delay: '3s' } } }, true],
    ['other annotations', { selector: { matchAnnotations: { other: '3s' } } }, false],
    ['In', expression('.status.phase', 'In', 'Running', 'Pending'), true],
    ['In, one of several', expression('.metadata.ownerReferences.[].kind', 'In', 'Other'), true],
    ['In, missing', expression('.status.none', 'In', 'x'), false],
    ['In, a number', expression('.status.count', 'In', '3'), true],
    ['NotIn', expression('.status.phase', 'NotIn', 'Pending'), false],
    ['NotIn, missing', expression('.status.none', 'NotIn', 'x'), true],
    ['Exists', expression('.status.phase', 'Exists'), true],
    ['Exists, missing', expression('.status.none', 'Exists'), false],
    ['DoesNotExist', expression('.status.none', 'DoesNotExist'), true],
    ['DoesNotExist, though it does', expression('.status.phase', 'DoesNotExist'), false],
    ['jq of newer files', { selector: { matchExpressions: [{ jq: { key: '.status.phase', operator: 'Exists' } }] } }, true],
  ])('matches: %s', (_, spec, expected) => {
    expect(make('x', spec).matches(POD)).toBe(expected)
  })

  it('without a selector matches nothing', () => {
    expect(compileStage({ metadata: { name: 'x' }, spec: { resourceRef: { kind: 'Pod' } } } as Stage)).toBeUndefined()
  })

  const from = (key: string) => ({ expressionFrom: `.metadata.annotations.${key}` })
  it.each<[string, object | undefined, number]>([
    ['none', undefined, 0],
    ['a duration', { durationMilliseconds: 1500 }, 1500],
    ['one at most', { durationMilliseconds: 1000, jitterDurationMilliseconds: 3000 }, 2000],
    ['one at most that is shorter', { durationMilliseconds: 1000, jitterDurationMilliseconds: 300 }, 300],
    ['from the object', { durationMilliseconds: 1000, durationFrom: from('delay') }, 3000],
    ['not from the object', { durationMilliseconds: 1000, durationFrom: from('none') }, 1000],
    ['an empty one', { durationMilliseconds: 1000, durationFrom: from('empty') }, 0],
    ['until a time', { durationMilliseconds: 1000, durationFrom: from('at') }, 9000],
    ['of newer files', { durationFrom: { jq: { expression: '.metadata.annotations.delay' } } }, 3000],
    ['a time at most', { durationMilliseconds: 1000, jitterDurationFrom: from('at') }, 5000],
  ])('takes its time: %s', (_, delay, expected) => {
    expect(make('x', { delay }).delayMsOf(POD, Date.parse('2026-01-01T00:00:00Z'), 0.5)).toBe(expected)
  })

  it.each<[string, (object | undefined)[], number, string | undefined]>([
    ['none', [], 0, undefined],
    ['the only one', [{ weight: 0 }], 0.9, 's0'],
    ['by weight', [{ weight: 1 }, { weight: 3 }], 0.3, 's1'],
    ['by weight, the first', [{ weight: 1 }, { weight: 3 }], 0.2, 's0'],
    ['never without weight', [{ weight: 0 }, { weight: 1 }], 0, 's1'],
    ['equally without any', [{}, {}, {}], 0.5, 's1'],
    ['by a weight from the object', [{ weight: 1 }, { weight: 1, weightFrom: from('weight') }], 0.2, 's1'],
    ['those that say', [{ weightFrom: from('empty') }, { weight: 0 }], 0, 's1'],
  ])('is chosen: %s', (_, specs, chance, expected) => {
    expect(
      chooseStage(
        specs.map((spec, index) => make(`s${index}`, spec ?? {})),
        POD,
        chance,
      )?.name,
    ).toBe(expected)
  })
})
