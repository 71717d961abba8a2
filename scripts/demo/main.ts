/** `npm run demo`: the main job, end to end, over real protocols on loopback. */
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import type { EngineClient } from '../../engine/cli/parts.ts'
import { formatTable } from '../../engine/cli/table.ts'
import type { S3Connection, SftpConnection } from '../../engine/core/manifest.ts'
import type { RunDetail } from '../../engine/core/model.ts'
import { type Arrival, findArrivals } from './arrivals.ts'
import { type EngineProcess, mainFile, startEngineProcess } from './engine-process.ts'
import { createLiveTable, type LiveTable } from './live-table.ts'
import { type DemoOptions, readOptions } from './options.ts'
import { type OutFolder, prepareOut } from './out-folder.ts'
import { type Moments, playMoments } from './play.ts'
import { type Site, startSite } from './site.ts'

const root = join(import.meta.dirname, '../..')
const pollMs = 250
/** A minute to the sample schedule's next slot, and time for everything else. */
const patienceMs = 150_000

async function main(options: DemoOptions): Promise<number> {
  const table = createLiveTable(process.stdout)
  const startedMs = Date.now()
  const out = await prepareOut(options.out)
  table.say('Starting an SFTP, an SMTP and an S3 server on loopback ...')
  const site = await startSite(join(root, 'jobs.d/platform'), out)
  let engine: EngineProcess | undefined
  try {
    table.say('Starting jobsd on jobs.d ...')
    engine = await startEngineProcess({
      dir: root,
      platform: site.platform,
      data: site.data,
      secrets: site.secrets,
    })
    const client = await connectControl(dataFolderOf(site.data).socket)
    if (!client) throw new Error('the engine is ready, but its socket does not answer')
    const moments = await playMoments({ site, engine, root, say: table.say })
    const runs = await watchRuns(client, table, moments, startedMs + patienceMs)
    await writeCatalog(site, out)
    await saveObjects(site, out)
    const isComplete = await report(options, runs, moments, site, out, table)
    if (!options.once) await stayUp(client, table, engine, site)
    return isComplete ? 0 : 1
  } finally {
    await engine?.stop()
    await site.close()
    await out.dispose()
  }
}

/** Shows runs until everything awaited has ended, or patience has. */
async function watchRuns(
  client: EngineClient,
  table: LiveTable,
  moments: Moments,
  untilMs: number,
): Promise<RunDetail[]> {
  for (;;) {
    const runs = await readRuns(client)
    table.show(runs)
    if (moments.missing(runs).length === 0 || Date.now() > untilMs) return runs
    await setTimeout(pollMs)
  }
}

async function readRuns(client: EngineClient): Promise<RunDetail[]> {
  return (await client.runs({ limit: 200 })).reverse()
}

/** Prints what arrived where; true when everything that should have did. */
async function report(
  options: DemoOptions,
  runs: RunDetail[],
  moments: Moments,
  site: Site,
  out: OutFolder,
  table: LiveTable,
): Promise<boolean> {
  const arrivals = await findArrivals(
    runs.filter((run) => run.endedAt),
    site,
    out,
  )
  const missing = moments.missing(runs)
  table.show([])
  table.say(`\nWhat arrived where\n\n${describeArrivals(arrivals)}\n`)
  for (const each of missing) table.say(`MISSING  ${each}`)
  for (const { job, delivery, problem } of arrivals.filter((arrival) => arrival.problem))
    table.say(`WRONG    ${job}: ${delivery.target} ${problem}`)
  const clients = moments.clients.map((client) => [
    `  ${client}`,
    pathToFileURL(join(out.catalog, client, 'index.html')).href,
  ])
  table.say(
    `The customers' catalogs\n\n${clients.map(([name, url]) => `${name?.padEnd(12)} ${url}`).join('\n')}\n`,
  )
  table.say(
    out.isKept || !options.once
      ? `What the servers received is in ${out.root}`
      : 'Nothing is kept: `-- --out DIR` leaves what the servers received there.',
  )
  const isComplete = missing.length === 0 && arrivals.length > 0 && arrivals.every(({ problem }) => !problem)
  table.say(
    isComplete
      ? `Everything arrived: ${arrivals.length} deliveries of ${runs.length} runs.`
      : 'Not everything arrived.',
  )
  return isComplete
}

function describeArrivals(arrivals: Arrival[]): string {
  const rows = arrivals.map(({ job, callCenter, delivery, problem }) => [
    problem ? '✗' : '✓',
    job,
    callCenter ?? 'all',
    delivery.target,
    delivery.artifact ? `${delivery.artifact.size.toLocaleString('en-US')} bytes` : 'no file',
    delivery.artifact?.sha256.slice(0, 12) ?? '',
  ])
  return formatTable(['', 'JOB', 'CALL CENTER', 'WHERE', 'SIZE', 'SHA-256'], rows)
}

/** The catalog of every client, made by the command that makes it anywhere. */
async function writeCatalog(site: Site, out: OutFolder): Promise<void> {
  const args = ['catalog', root, '--platform', site.platform, '--data', site.data, '--out', out.catalog]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`jobsd catalog ended with ${code}`)
}

/** The S3 server keeps its objects in memory: write them where people can look. */
async function saveObjects(site: Site, out: OutFolder): Promise<void> {
  for (const { bucket } of site.connections.filter((each): each is S3Connection => each.type === 's3')) {
    for (const { key, body } of await site.objects(bucket)) {
      const path = join(out.s3, bucket, key)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, body)
    }
  }
}

/** Goes on showing runs until Ctrl-C. */
async function stayUp(
  client: EngineClient,
  table: LiveTable,
  engine: EngineProcess,
  site: Site,
): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())
  const drop = site.connections.find(
    (each): each is SftpConnection => each.type === 'sftp' && each.name.startsWith('dropbox'),
  )
  table.say(
    `\njobsd listens on ${engine.address}. Drop a file: sftp -P ${site.sftpPort} ${drop?.name}@127.0.0.1 (password ${site.secretOf(drop?.password?.secret ?? '')}, folder /acme/campaigns).\nCtrl-C ends it.`,
  )
  while (!stopped.signal.aborted) {
    table.show(await readRuns(client))
    await setTimeout(pollMs * 4, undefined, { signal: stopped.signal }).catch(() => undefined)
  }
  table.say('Stopping ...')
}

const options = readOptions(process.argv.slice(2))
if ('text' in options) {
  console.log(options.text)
  process.exit(options.exitCode)
}
process.exit(
  await main(options).catch((error: unknown) => {
    console.error(error instanceof Error ? `demo: ${error.message}` : error)
    return 2
  }),
)
