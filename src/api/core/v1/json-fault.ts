/**
 * Why Go wouldn't read a text as JSON of a type; undefined when it would. In its words, as far as they can be told without
 * its parser. Upstream: encoding/json Unmarshal.
 * @param goType as Go names it: `[]core.Taint`
 */
export function jsonFault(text: string, wanted: 'object' | 'array', goType: string): string | undefined {
  const start = text.trimStart()
  if (start === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return value === null || type === wanted ? undefined : `json: cannot unmarshal ${type} into Go value of type ${goType}`
  } catch {
    return /^[[{]/.test(start) ? 'unexpected end of JSON input' : `invalid character '${start[0]}' looking for beginning of value`
  }
}
