/** The Warning headers of one answer. Upstream: apiserver endpoints/filters/warning.go, net/http.go NewWarningHeader. */
import type { ServerResponse } from 'node:http'

/** In characters. Past the first limit all texts are cut to the second, from the first one on. */
const MAX_TOTAL = 4096
const MAX_TEXT = 256

/** What no header may hold. */
const CONTROL = /\p{Cc}/u

export class WarningRecorder {
  readonly #response: ServerResponse
  readonly #texts = new Set<string>()
  #headers: string[]
  #written = 0
  #isCutting = false

  constructor(response: ServerResponse) {
    this.#response = response
    // Authentication has had its say.
    this.#headers = (response.getHeader('warning') as string[] | undefined) ?? []
  }

  /** Each text once. It goes out with whatever the answer becomes, an error too. */
  readonly warn = (text: string): void => {
    if (text === '' || (this.#isCutting && this.#written >= MAX_TOTAL) || this.#texts.has(text)) return
    this.#texts.add(text)
    if (CONTROL.test(text)) return
    if (this.#isCutting || this.#written + lengthOf(text) <= MAX_TOTAL) this.#write(text)
    else {
      this.#isCutting = true
      this.#written = 0
      this.#headers = []
      for (const each of this.#texts) if (!CONTROL.test(each)) this.#write(each)
    }
    if (!this.#response.headersSent) this.#response.setHeader('warning', this.#headers)
  }

  #write(text: string): void {
    const shown = this.#isCutting ? [...text].slice(0, MAX_TEXT).join('') : text
    this.#written += lengthOf(shown)
    const header = `299 - "${shown.replace(/["\\]/g, '\\$&')}"`
    // Node writes headers in Latin-1, upstream in UTF-8.
    this.#headers.push(Buffer.from(header).toString('latin1'))
  }
}

function lengthOf(text: string): number {
  return [...text].length
}
