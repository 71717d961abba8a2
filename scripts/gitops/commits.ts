/**
 * `npm run gitops -- [--commits N] [--seed N] [--engine DIR]`: an engine follows a repository in which people work and
 * make mistakes, beside a model of what should be in force. Exits 1 where the two differ, or where memory grows.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseOptions } from '../parse-options.ts'
import { engineFolder } from './load-engine.ts'
import { runTrial } from './trial.ts'

/** After the first hundred commits everything that is kept for good is there. */
const warmUp = 100
const allowedGrowth = 1.25
const allowedBytes = 20 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

const { values } = parseOptions(import.meta.filename, {
  options: { commits: { type: 'string' }, seed: { type: 'string' }, engine: { type: 'string' } },
})
const [commits, seed] = [Number(values.commits ?? 500), Number(values.seed ?? 1)]
const engine = values.engine === undefined ? engineFolder : resolve(values.engine)
const folder = mkdtempSync(join(tmpdir(), 'jobsd-gitops-'))
const begun = performance.now()
const seconds = () => Math.round((performance.now() - begun) / 1000)
let early: number | undefined
try {
  const counts = await runTrial({
    commits,
    seed,
    folder,
    engine,
    onCommit(count, { slots, files, mismatches }) {
      if (count % 100 !== 0 && early === undefined && count < warmUp) return
      if (early === undefined) early = heapUsed()
      if (count % 100 !== 0) return
      const heapMb = Math.round(heapUsed() / 1048576)
      console.log(
        `${count} commits, ${slots} slots, ${files} files, ${mismatches.length} mismatches, heap ${heapMb} MB, ${seconds()} s`,
      )
    },
  })
  for (const line of counts.mismatches) console.log(`seed ${seed}: ${line}`)
  const late = heapUsed()
  const isSteady = early === undefined || late <= early * allowedGrowth + allowedBytes
  if (!isSteady) console.log(`memory grew from ${early} to ${late} bytes`)
  const { broken, restarts, holds, slots, runs, files, untold, mismatches } = counts
  console.log(
    `seed ${seed}: ${counts.commits} commits, ${broken} broken, ${restarts} restarts, ${holds} holds, ${slots} slots, ${runs} runs, ${files} files, ${untold} slots untold, ${mismatches.length} mismatches, ${seconds()} s`,
  )
  process.exitCode = mismatches.length > 0 || !isSteady ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
