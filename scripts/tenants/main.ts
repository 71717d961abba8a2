/**
 * `npm run fuzz:tenants -- [--per-client N] [--reports N] [--seed N]`: random hostile SQL in the name of fifty clients,
 * on their sealed copies and by whole reports. Exits 1 where a row, a file or a visit of somebody else shows.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { attackTenants } from './attack-tenants.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    'per-client': { type: 'string', default: '200' },
    reports: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'jobsd-tenants-'))
try {
  const seed = Number(values.seed)
  process.stderr.write(`seed ${seed}\n`)
  const found = await attackTenants(folder, {
    perClient: Number(values['per-client']),
    reports: Number(values.reports),
    seed,
    queryMs: 500,
    reportMs: 5000,
  })
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  const { leaks, bugs, strays, visits } = found
  process.exitCode = leaks.length + bugs.length + strays.length + visits > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
