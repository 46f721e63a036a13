/** The rows of what kubectl prints, by column. Columns are apart by two spaces or more; headings may hold one. */
export function table(text: string): Record<string, string>[] {
  const [heading = '', ...lines] = text.trimEnd().split('\n')
  const columns = [...heading.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], at: match.index }))
  return lines.map((line) =>
    Object.fromEntries(columns.map(({ name, at }, i) => [name, line.slice(at, columns[i + 1]?.at ?? line.length).trim()])),
  )
}
