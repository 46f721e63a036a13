/**
 * Metrics that a user declares: a quantity, or one a line, each with labels before it as Prometheus writes them.
 *
 *     30
 *     {queue="mail"} 30
 *
 * Lines that can't be read count as absent.
 */
import { parseQuantity, quantityMillis } from '../meta/quantity.ts'
import { type Labels, matchesSelector, type Selector } from '../meta/selectors.ts'

export interface MetricSeries {
  readonly labels: Labels
  /** Thousandths. */
  readonly value: bigint
}

const LINE = /^(?:\{(.*)\})?\s*(\S+)$/
const LABEL = /^\s*([A-Za-z_][\w./-]*)\s*=\s*"([^"]*)"\s*$/

export function parseMetricSeries(text: string): MetricSeries[] {
  return text.split('\n').flatMap((line) => parseLine(line.trim()) ?? [])
}

/** Those that `selector` picks; all when there is none. */
export function selectSeries(series: readonly MetricSeries[], selector: Selector | undefined): readonly MetricSeries[] {
  return selector === undefined ? series : series.filter(({ labels }) => matchesSelector(selector, labels))
}

/** What is declared of one object: the sum of what `selector` picks, in thousandths; undefined when that is nothing. */
export function declaredValue(text: string | undefined, selector: Selector | undefined): bigint | undefined {
  const series = text === undefined ? [] : selectSeries(parseMetricSeries(text), selector)
  return series.length === 0 ? undefined : series.reduce((sum, { value }) => sum + value, 0n)
}

function parseLine(line: string): MetricSeries | undefined {
  const match = LINE.exec(line)
  if (match === null || parseQuantity(match[2]!) === undefined) return undefined
  const pairs = (match[1] ?? '').split(',').filter((pair) => pair.trim() !== '')
  const labels = pairs.map((pair) => LABEL.exec(pair))
  if (labels.some((label) => label === null)) return undefined
  return { labels: Object.fromEntries(labels.map((label) => [label![1]!, label![2]!])), value: quantityMillis(match[2]!) }
}
