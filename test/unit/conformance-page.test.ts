/** docs/conformance.md says what is there, and all that is there. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const PAGE = readFileSync('docs/conformance.md', 'utf8')
const FOLDER = 'test/api/conformance'
const FILES = [...readdirSync(FOLDER).map((file) => `${FOLDER}/${file}`), 'test/e2e/kubectl-conformance.test.ts']
const VERDICTS = ['covered', 'partly', 'no'] as const

interface Row {
  readonly sig: string
  readonly name: string
  /** Of the link: the name of a file, or of a test in it. Both are undefined when there is none. */
  readonly text: string | undefined
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

const CLASSES = [
  { name: 'A', tests: 115, rows: rowsUnder('Tests that need an API server alone'), summary: 'In numbers' },
  { name: 'B', tests: 121, rows: rowsUnder('Tests that need controllers, a scheduler and simulated pods'), summary: 'Class B in numbers' },
]
const all = CLASSES.flatMap(({ rows }) => rows)

function rowsUnder(heading: string): readonly Row[] {
  return cellsUnder(heading).map(([sig, name, link, verdict]) => {
    const [, text, file] = /^\[(.*)\]\(\.\.\/(.*)\)$/.exec(link!) ?? []
    return { sig: sig!, name: name!, text, file, verdict: verdict! }
  })
}

const verdictOf = ({ verdict }: Row) => verdict.split(' ')[0]!
const titleOf = ({ sig, name }: Row) => `[sig-${sig}] ${name}`

/** As a string of the source has it: table tests are not asked for their rows. */
function titlesIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/'(\[sig-[^']+)'|"(\[sig-[^"]+)"/g)].map(([, single, double]) => single ?? double!)
}

/** Whether there is a test of ours behind the link: one of upstream's name, or the one that the link names. */
function hasTest(row: Row): boolean {
  if (FILES.includes(row.file!)) return titlesIn(row.file!).some((title) => title.startsWith(titleOf(row)))
  return readFileSync(row.file!, 'utf8').includes(`'${row.text}'`)
}

it('tells of each test once', () => {
  expect(new Set(all.map(titleOf)).size).toBe(all.length)
})

describe.each(CLASSES)('class $name', ({ tests, rows, summary }) => {
  it('tells of all its tests', () => expect(rows).toHaveLength(tests))

  it.each(rows.map((row) => [titleOf(row), row] as const))('%s has the verdict that its test deserves', (title, row) => {
    const { file, verdict } = row
    expect(VERDICTS).toContain(verdictOf(row))
    if (verdict !== 'covered') expect(verdict).toMatch(/^(partly|no) – ./)
    expect(file === undefined).toBe(verdictOf(row) === 'no')
    if (file === undefined) return
    expect(hasTest(row)).toBe(true)
    if (verdict === 'covered' && FILES.includes(file)) expect(titlesIn(file)).toContain(title)
  })

  it('counts what it lists', () => {
    const count = (sig: string) => {
      const own = rows.filter((row) => sig === 'all' || row.sig === sig)
      return [own.length, ...VERDICTS.map((verdict) => own.filter((row) => verdictOf(row) === verdict).length)]
    }
    const counts = cellsUnder(summary)
    expect(counts.map(([sig]) => sig)).toEqual([...new Set(rows.map(({ sig }) => sig)), 'all'])
    for (const [sig, ...numbers] of counts) expect([sig, ...numbers.map(Number)]).toEqual([sig, ...count(sig!)])
  })
})

it('leaves out no test that bears a name of upstream', () => {
  const untold = FILES.flatMap(titlesIn).filter((title) => !all.some((row) => title.startsWith(titleOf(row))))
  expect(untold).toEqual([])
})
