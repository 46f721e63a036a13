import type { MetricSpec, MetricStatus } from '../../types.gen.ts'

const SHOWN = 2

/** What is measured against what is aimed at, as the TARGETS cell has it. Upstream: printers.go formatHPAMetrics. */
export function metricsText(specs: readonly MetricSpec[] = [], statuses: readonly MetricStatus[] = []): string {
  if (specs.length === 0) return '<none>'
  const texts = specs.map((spec, i) => metricText(spec, statuses[i]))
  const shown = texts.slice(0, SHOWN).join(', ')
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return wholeText(spec.external?.target, status?.external?.current)
    case 'Object':
      return wholeText(spec.object?.target, status?.object?.current)
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? '<unknown>'}/${spec.pods?.target.averageValue ?? ''}`
    case 'Resource':
      return resourceText(spec.resource, status?.resource?.current)
    case 'ContainerResource':
      return resourceText(spec.containerResource, status?.containerResource?.current)
    default:
      return '<unknown type>'
  }
}

type Target = NonNullable<MetricSpec['external']>['target']
type Current = NonNullable<MetricStatus['external']>['current']

function wholeText(target: Target | undefined, current: Current | undefined): string {
  return target?.averageValue !== undefined
    ? `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`
    : `${current?.value ?? '<unknown>'}/${target?.value ?? ''}`
}

function resourceText(source: { name: string; target: Target } | undefined, current: Current | undefined): string {
  if (source === undefined) return '<unknown type>'
  const { name, target } = source
  if (target.averageValue !== undefined) return `${name}: ${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  const percent = (value: number | undefined, otherwise: string) => (value === undefined ? otherwise : `${value}%`)
  return `${name}: ${percent(current?.averageUtilization, '<unknown>')}/${percent(target.averageUtilization, '<auto>')}`
}
