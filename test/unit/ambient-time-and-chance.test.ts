import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url))

/** What would escape the virtual clock and the seed. The linter looks after imports; these are globals. */
const AMBIENT = /\b(?:Date\.now|performance\.now|setTimeout|setInterval|Math\.random|randomUUID|randomBytes)\b|\bnew Date\(\)/

it('takes time and chance from the Clock and the Random of lib/, never from the process', () => {
  const files = (readdirSync(SOURCES, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts') && !file.startsWith('lib/'))
  expect(files.length).toBeGreaterThan(100)
  const offences = files.flatMap((file) =>
    readFileSync(join(SOURCES, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (AMBIENT.test(withoutComment(line)) ? [`src/${file}:${i + 1} ${line.trim()}`] : [])),
  )
  expect(offences).toEqual([])
})

function withoutComment(line: string): string {
  return /^\s*(?:\*|\/\*)/.test(line) ? '' : line.replace(/\/\/.*$/, '')
}
