// `npm run generate`: writes every file that is derived from the data in this folder.
// With --check it writes nothing and fails when a file is stale.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateDocuments } from './generate-documents.mjs'
import { generateTypes } from './generate-types.mjs'

const isCheck = process.argv.includes('--check')
const root = new URL('../', import.meta.url)
const outputs = { 'src/api/types.gen.ts': generateTypes() }
for (const [file, text] of generateDocuments()) outputs[`openapi/v3/${file}`] = text

let stale = 0
/** Documents of groups that aren't served any more. */
const folder = fileURLToPath(new URL('openapi/v3/', root))
mkdirSync(folder, { recursive: true })
for (const file of readdirSync(folder)) {
  if (outputs[`openapi/v3/${file}`] !== undefined) continue
  if (isCheck) console.error(`openapi/v3/${file} is left over: run \`npm run generate\``)
  else rmSync(`${folder}${file}`)
  if (isCheck) stale++
}
for (const [path, text] of Object.entries(outputs)) {
  const file = fileURLToPath(new URL(path, root))
  let current = ''
  try {
    current = readFileSync(file, 'utf8')
  } catch {}
  if (current === text) continue
  if (isCheck) {
    console.error(`${path} is stale: run \`npm run generate\``)
    stale++
  } else {
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
}
process.exitCode = stale ? 1 : 0
