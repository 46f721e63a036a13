export interface WatchLine {
  readonly type: string
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } }
}

/** Reads a watch as JSON lines until it ends, the server is gone, or the signal says so. */
export async function readWatch(url: string, onLine: (line: WatchLine) => void, signal?: AbortSignal): Promise<void> {
  let rest = ''
  try {
    const response = await fetch(url, signal ? { signal } : {})
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') onLine(JSON.parse(line) as WatchLine)
    }
  } catch {
    // How a watch ends is up to the other side.
  }
}
