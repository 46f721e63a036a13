/** An instant as metav1.Time is written: UTC, whole seconds. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** An instant as metav1.MicroTime is written. */
export function microTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`
}

/** Milliseconds since the epoch of an RFC 3339 text; NaN for anything else. */
export function parseTimestamp(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text)
}
