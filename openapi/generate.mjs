// `npm run generate`: writes every file that is derived from the data in this folder.
// With --check it writes nothing and fails when a file is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateTypes } from './generate-types.mjs'

const root = new URL('../', import.meta.url)
const outputs = { 'src/api/types.gen.ts': generateTypes() }

let stale = 0
for (const [path, text] of Object.entries(outputs)) {
  const file = fileURLToPath(new URL(path, root))
  let current = ''
  try {
    current = readFileSync(file, 'utf8')
  } catch {}
  if (current === text) continue
  if (process.argv.includes('--check')) {
    console.error(`${path} is stale: run \`npm run generate\``)
    stale++
  } else {
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
}
process.exitCode = stale ? 1 : 0
