/**
 * A file of variables, `NAME='value'`, as init containers write them for `fileKeyRef`. Values are in single quotes and may have
 * several lines; nothing in them is replaced. Upstream: pkg/kubelet/util/env ParseEnv.
 */

/** undefined when the key isn't there, or has no value. The file counts as malformed only up to where the key is. */
export function valueInEnvFile(file: string, key: string): { readonly text: string } | 'malformed' | undefined {
  let rest = file
  while (rest !== '') {
    const [blank] = /^[ \t]*(?:#[^\n]*)?(?:\n|$)/.exec(rest) ?? []
    if (blank !== undefined) {
      if (blank === '') return undefined
      rest = rest.slice(blank.length)
      continue
    }
    // A space after the sign leaves the variable empty, as in a shell.
    const [empty, unset] = /^[ \t]*([^=\s]+)=[ \t]+[^\n]*(?:\n|$)/.exec(rest) ?? []
    const [line, name, value] = /^[ \t]*([^=\n]*[^=\s])='([^']*)'[ \t]*(?:#[^\n]*)?(?:\n|$)/.exec(rest) ?? []
    if (empty !== undefined) {
      if (unset === key) return undefined
      rest = rest.slice(empty.length)
      continue
    }
    if (line === undefined) return 'malformed'
    if (name === key) return value === '' ? undefined : { text: value! }
    rest = rest.slice(line.length)
  }
  return undefined
}
