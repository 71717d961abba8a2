/**
 * A large report on its whole way: an engine process makes a .csv.gz of one client's month and uploads it to an SFTP
 * server on loopback. Says the peak memory of the engine's process and of the query's, and whether the server has
 * the artifact's bytes. `npm run bench:sftp -- [--rows 1000000]`
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import type { RunDetail } from '../../engine/core/model.ts'
import { startEngineProcess } from '../demo/engine-process.ts'
import { prepareOut } from '../demo/out-folder.ts'
import { startSite } from '../demo/site.ts'
import { parseOptions } from '../parse-options.ts'
import { type Peaks, watchPeaks } from './peaks.ts'
import { callsSql } from './report-data.ts'
import { sftpConfig, sftpPlatform } from './sftp-config.ts'

const { values } = parseOptions(import.meta.filename, {
  options: { rows: { type: 'string', default: '1000000' } },
})
const rows = Number(values.rows)

async function writeAll(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

const out = await prepareOut(undefined)
await writeAll(join(out.root, 'platform'), sftpPlatform)
await writeAll(join(out.root, 'config'), sftpConfig)
const site = await startSite(join(out.root, 'platform'), out)
try {
  await mkdir(site.warehouse)
  const makeData = [
    join(import.meta.dirname, 'sql-child.ts'),
    callsSql(join(site.warehouse, 'calls.parquet'), rows),
  ]
  await promisify(execFile)(process.execPath, makeData)
  const engine = await startEngineProcess({ ...site, dir: join(out.root, 'config') })
  try {
    const began = performance.now()
    const peaks = watchPeaks(engine.pid)
    const client = await connectControl(dataFolderOf(site.data).socket)
    if (!client) throw new Error('the engine is ready, but its socket does not answer')
    const [id] = await client.run({ job: 'acme/month', slot: '2026-04-01T12:00:00.000Z' })
    let run: RunDetail
    do {
      await setTimeout(500)
      run = await client.runDetail(id!)
    } while (run.endedAt === null)
    peaks.stop()
    await client.close()
    const seconds = (performance.now() - began) / 1000
    await tell(run, seconds, peaks)
  } finally {
    await engine.stop()
  }
} finally {
  await site.close()
  await rm(out.root, { recursive: true, force: true })
}

async function tell(run: RunDetail, seconds: number, peaks: Peaks) {
  for (const { name, outcome, note } of run.steps) console.log(`${name}: ${outcome}, ${note}`)
  const [artifact] = run.files
  const received = await sha256(join(out.sftp, 'acme-sftp/out/calls.csv.gz')).catch(() => 'nothing')
  const isSame = run.state === 'succeeded' && artifact?.sha256 === received
  console.log(`${rows} rows in ${seconds.toFixed(1)} s, run ${run.state}`)
  console.log(
    `  peak memory  engine ${peaks.engine.toFixed(0)} MB, query process ${peaks.child.toFixed(0)} MB`,
  )
  console.log(`  server has   ${received}${isSame ? ', the artifact' : `, not ${artifact?.sha256}`}`)
  if (!isSame) process.exitCode = 1
}
