/** docs/conformance.md says what is there, and all that is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const PAGE = readFileSync('docs/conformance.md', 'utf8')
const FOLDER = 'test/api/conformance'
const FILES = [...readdirSync(FOLDER).map((file) => `${FOLDER}/${file}`), 'test/e2e/kubectl-conformance.test.ts']
const VERDICTS = ['covered', 'partly', 'no'] as const

interface Row {
  readonly sig: string
  readonly name: string
  /** undefined when there is none */
  readonly file: string | undefined
  readonly verdict: string
}

/** The cells of the tables that follow a heading. */
function cellsUnder(heading: string): string[][] {
  const [, section = ''] = PAGE.split(`## ${heading}\n`)
  const lines = section.split('\n## ')[0]!.split('\n')
  const cells = lines.filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '))
  return cells.slice(1)
}

const rows: readonly Row[] = cellsUnder('Tests that need an API server alone').map(([sig, name, link, verdict]) => ({
  sig: sig!,
  name: name!,
  file: /\]\(\.\.\/(.*)\)$/.exec(link!)?.[1],
  verdict: verdict!,
}))
const verdictOf = ({ verdict }: Row) => verdict.split(' ')[0]!

/** As a string of the source has it: table tests are not asked for their rows. */
function titlesIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/'(\[sig-[^']+)'/g)].map(([, title]) => title!)
}

it('tells of each of the 115 tests once', () => {
  expect(new Set(rows.map(({ sig, name }) => `${sig} ${name}`)).size).toBe(rows.length)
  expect(rows).toHaveLength(115)
})

describe.each(rows.map((row) => [`[sig-${row.sig}] ${row.name}`, row] as const))('%s', (title, row) => {
  it('has the verdict that its test deserves', () => {
    const { file, verdict } = row
    expect(VERDICTS).toContain(verdictOf(row))
    if (verdict === 'covered') expect(titlesIn(file!)).toContain(title)
    else expect(verdict).toMatch(/^(partly|no) – ./)
    if (verdictOf(row) === 'partly') expect(titlesIn(file!).filter((each) => each.startsWith(title))).toHaveLength(1)
    if (verdictOf(row) === 'no') expect(file).toBeUndefined()
    if (file !== undefined) expect(existsSync(file)).toBe(true)
  })
})

it('leaves out no test that bears a name of upstream', () => {
  const told = rows.map(({ sig, name }) => `[sig-${sig}] ${name}`)
  const untold = FILES.flatMap(titlesIn).filter((title) => !told.some((name) => title.startsWith(name)))
  expect(untold).toEqual([])
})

it('counts what it lists', () => {
  const count = (sig: string) => {
    const own = rows.filter((row) => sig === 'all' || row.sig === sig)
    return [own.length, ...VERDICTS.map((verdict) => own.filter((row) => verdictOf(row) === verdict).length)]
  }
  const summary = cellsUnder('In numbers')
  expect(summary.map(([sig]) => sig)).toEqual([...new Set(rows.map(({ sig }) => sig)), 'all'])
  for (const [sig, ...numbers] of summary) expect([sig, ...numbers.map(Number)]).toEqual([sig, ...count(sig!)])
})
