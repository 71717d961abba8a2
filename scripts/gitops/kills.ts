/**
 * `node scripts/gitops/kills.ts [--rounds N] [--seed N] [--jobs N]`: a commit that changes most jobs, and the engine
 * killed while it applies it. Each job then has the old version or the new one whole, and the next start has all new.
 * Exits 1 where not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runKills } from './kill-rounds.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, seed: { type: 'string' }, jobs: { type: 'string' } },
})
const folder = mkdtempSync(join(tmpdir(), 'jobsd-kills-'))
try {
  const { rounds, before, inside, after, wrong } = await runKills({
    folder,
    rounds: Number(values.rounds ?? 30),
    seed: Number(values.seed ?? 1),
    jobs: Number(values.jobs ?? 200),
  })
  for (const line of wrong) console.log(line)
  console.log(
    `${rounds} kills: ${before} before the commit was read, ${inside} while it was applied, ${after} after; ${wrong.length} wrong`,
  )
  process.exitCode = wrong.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
