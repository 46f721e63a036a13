/** Metrics as the annotations of autoscaling/v1 have them: targets and current values are fields of their own. */
import type { AutoscalingV2CrossVersionObjectReference, LabelSelector, MetricSpec, MetricStatus } from '../../types.gen.ts'

/** The one source that is set says which fields there are. */
export interface FlatMetric {
  type: string
  [source: string]: unknown
}

interface FlatSource {
  name?: string
  container?: string
  metricName?: string
  selector?: LabelSelector
  metricSelector?: LabelSelector
  target?: AutoscalingV2CrossVersionObjectReference
  [field: string]: unknown
}

const SOURCES = ['object', 'pods', 'resource', 'containerResource', 'external'] as const
type Source = (typeof SOURCES)[number]

/** What the flat form calls a source's values, for a spec (`target`) or a status (`current`). */
function fieldNames(source: Source, side: 'target' | 'current'): Record<'value' | 'averageValue' | 'averageUtilization', string> {
  return {
    value: `${side}Value`,
    averageValue: source === 'object' ? 'averageValue' : `${side}AverageValue`,
    averageUtilization: `${side}AverageUtilization`,
  }
}

export function flattenMetric(metric: MetricSpec): FlatMetric {
  return flatten(metric as unknown as Record<string, unknown>, 'target')
}

export function flattenStatus(status: MetricStatus): FlatMetric {
  return flatten(status as unknown as Record<string, unknown>, 'current')
}

function flatten(metric: Record<string, unknown>, side: 'target' | 'current'): FlatMetric {
  const flat: FlatMetric = { type: String(metric.type) }
  for (const source of SOURCES) {
    const from = metric[source] as Record<string, unknown> | undefined
    if (from === undefined) continue
    const { metric: identifier, describedObject, [side]: values, ...rest } = from
    const to: FlatSource = { ...(rest as FlatSource) }
    const id = identifier as { name: string; selector?: LabelSelector } | undefined
    if (describedObject !== undefined) to.target = describedObject as AutoscalingV2CrossVersionObjectReference
    if (id !== undefined) to.metricName = id.name
    if (id?.selector !== undefined) to[source === 'external' ? 'metricSelector' : 'selector'] = id.selector
    for (const [field, name] of Object.entries(fieldNames(source, side))) {
      const value = (values as Record<string, unknown> | undefined)?.[field]
      if (value !== undefined) to[name] = value
    }
    flat[source] = to
  }
  return flat
}

export function unflattenMetric(flat: FlatMetric): MetricSpec {
  return unflatten(flat, 'target') as unknown as MetricSpec
}

export function unflattenStatus(flat: FlatMetric): MetricStatus {
  return unflatten(flat, 'current') as unknown as MetricStatus
}

function unflatten(flat: FlatMetric, side: 'target' | 'current'): Record<string, unknown> {
  const metric: Record<string, unknown> = { type: flat.type }
  for (const source of SOURCES) {
    const from = flat[source] as FlatSource | undefined
    if (from === undefined) continue
    const values: Record<string, unknown> = {}
    for (const [field, name] of Object.entries(fieldNames(source, side))) if (from[name] !== undefined) values[field] = from[name]
    if (source === 'object' && values.averageValue !== undefined && values.value === '0') delete values.value
    if (side === 'target') values.type = targetType(values)
    const selector = from.selector ?? from.metricSelector
    metric[source] = {
      ...(from.name === undefined ? {} : { name: from.name }),
      ...(from.container === undefined ? {} : { container: from.container }),
      ...(from.metricName === undefined ? {} : { metric: { name: from.metricName, ...(selector === undefined ? {} : { selector }) } }),
      ...(from.target === undefined ? {} : { describedObject: from.target }),
      [side]: values,
    }
  }
  return metric
}

function targetType(values: Readonly<Record<string, unknown>>): string {
  if (values.averageUtilization !== undefined) return 'Utilization'
  return values.averageValue !== undefined ? 'AverageValue' : 'Value'
}
