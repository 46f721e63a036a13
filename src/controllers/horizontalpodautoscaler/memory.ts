/** What an autoscaler remembers from one look to the next. It is in no object, so it begins anew after a restart, as upstream's. */

export interface Memory {
  /** What the metrics asked for, before any rule was applied. */
  readonly recommendations: readonly Recommendation[]
  /** What was scaled, where there are rules of behaviour that ask for it. */
  readonly scalings: readonly Scaling[]
}

export interface Recommendation {
  readonly replicas: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Scaling {
  /** Negative for a scale-down. */
  readonly change: number
  readonly at: number
}

/** The first recommendation is what there is. Upstream: recordInitialRecommendation */
export function firstMemory(replicas: number, now: number): Memory {
  return { recommendations: [{ replicas, at: now }], scalings: [] }
}

/** @param windowMs for how long recommendations are asked for */
export function withRecommendation({ recommendations, scalings }: Memory, replicas: number, windowMs: number, now: number): Memory {
  const recent = recommendations.filter(({ at }) => at >= now - windowMs)
  return { recommendations: [...recent, { replicas, at: now }], scalings }
}

/** @param longestMs the longest period of a policy */
export function withScaling({ recommendations, scalings }: Memory, change: number, longestMs: number, now: number): Memory {
  const recent = scalings.filter(({ at }) => at >= now - longestMs)
  return { recommendations, scalings: change === 0 ? recent : [...recent, { change, at: now }] }
}

/** It was asked for, and failed. */
export function withoutLastScaling({ recommendations, scalings }: Memory): Memory {
  return { recommendations, scalings: scalings.slice(0, -1) }
}

/** How many replicas were added, and how many taken away, in the last seconds. Upstream: getReplicasChangePerPeriod */
export function changesWithin(
  scalings: readonly Scaling[],
  seconds: number,
  now: number,
): { readonly added: number; readonly removed: number } {
  let [added, removed] = [0, 0]
  for (const { change, at } of scalings) {
    if (at <= now - seconds * 1000) continue
    if (change > 0) added += change
    else removed -= change
  }
  return { added, removed }
}
