/** `node make-data.ts FOLDER`: writes the sample data there and prints what it holds as JSON. */
import { mkdir, rename } from 'node:fs/promises'
import { writeSampleData } from './sample-data.ts'

const [folder = ''] = process.argv.slice(2)
const dayMs = 86_400_000
// Yesterday in every client's zone is complete by then, whatever the machine's zone is.
const lastDay = new Date(Date.now() - dayMs).toISOString().slice(0, 10)
// The engine runs already: the folder appears whole or not at all.
const part = `${folder}.part`
await mkdir(part)
const data = await writeSampleData({ folder: part, seed: 20_261_122, lastDay, days: 14 })
await rename(part, folder)
process.stdout.write(JSON.stringify(data))
