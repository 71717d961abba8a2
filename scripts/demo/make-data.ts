/**
 * `node make-data.ts FOLDER [--rows N]`: writes the sample data there and prints what it holds as JSON. With `--rows`
 * only calls, that many of one client, quickly.
 */
import { mkdir, rename } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { writeManyCalls } from './many-calls.ts'
import { writeSampleData } from './sample-data.ts'

const { values, positionals } = parseArgs({ options: { rows: { type: 'string' } }, allowPositionals: true })
const [folder] = positionals
const rows = Number(values.rows ?? 0)
if (folder === undefined || !Number.isSafeInteger(rows) || rows < 0) {
  throw new Error('what is expected: node make-data.ts FOLDER [--rows N]')
}
const dayMs = 86_400_000
// Yesterday in every client's zone is complete by then, whatever the machine's zone is.
const lastDay = new Date(Date.now() - dayMs).toISOString().slice(0, 10)
const seed = 20_261_122
// The engine runs already: the folder appears whole or not at all.
const part = `${folder}.part`
await mkdir(part)
const data = rows > 0 ? await many() : await writeSampleData({ folder: part, seed, lastDay, days: 14 })
await rename(part, folder)
process.stdout.write(JSON.stringify(data))

async function many() {
  const home = { client: 'acme', callCenters: ['dallas', 'tampa'] }
  await writeManyCalls({ folder: part, rows, seed, lastDay, days: 30, ...home })
  return { calls: rows, campaigns: [] }
}
