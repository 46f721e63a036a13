/** Go's regular expressions (RE2) as JavaScript's: the same but for flags, names of groups, anchors and classes. */

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

/** @throws SyntaxError for what can't be read, and for what RE2 leaves out: references back, looking ahead and behind */
export function goRegExp(text: string, extraFlags = ''): RegExp {
  const [, flags = ''] = /^\(\?([ims]+)\)/.exec(text) ?? []
  const body = flags === '' ? text : text.slice(flags.length + 3)
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(body.replaceAll('\\\\', ''))) throw new SyntaxError('invalid or unsupported Perl syntax')
  const source = body
    .replaceAll('(?P<', '(?<')
    .replace(/\[:(\^?)(\w+):\]/g, (whole, not: string, name: string) => (not === '' ? (CLASSES[name] ?? whole) : whole))
    .replace(/\\([Az])/g, (_, anchor: string) => (anchor === 'A' ? '^' : '$'))
  return new RegExp(source, `u${[...new Set(flags + extraFlags)].join('')}`)
}
