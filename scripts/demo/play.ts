/** What happens in the demo, and what should come of it. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ClientPolicy, SftpConnection } from '../../engine/core/manifest.ts'
import type { RunDetail } from '../../engine/core/model.ts'
import { startOfLocal, toLocal } from '../../engine/core/zone.ts'
import { type EngineProcess, mainFile } from './engine-process.ts'
import { dropFile, postCampaignEnd } from './moments.ts'
import type { Site } from './site.ts'

export interface Moments {
  clients: string[]
  /** What has not come about yet, a sentence each. */
  missing(runs: RunDetail[]): string[]
}

interface Stage {
  site: Site
  engine: EngineProcess
  /** The config repository. */
  root: string
  say(text: string): void
}

/** The end-of-day job of each client, and when its day's slot was due in the client's zone. */
const endOfDay = [
  { job: 'acme/eod-call-detail', timezone: 'America/Chicago', hour: 18, minute: 30, runs: 2 },
  { job: 'borealis/eod-call-detail', timezone: 'Europe/Berlin', hour: 3, minute: 30, runs: 1 },
  { job: 'cobalt/eod-call-detail', timezone: 'America/New_York', hour: 0, minute: 15, runs: 2 },
]
const campaignClients = ['acme', 'borealis']
const uploads = [
  { client: 'acme', connection: 'dropbox-acme', path: '/acme/campaigns/spring-renewals.csv' },
  { client: 'cobalt', connection: 'dropbox-cobalt', path: '/cobalt/campaigns/reminder-calls.csv' },
]

/** Makes the data, then each trigger's moment; returns as soon as all have happened. */
export async function playMoments({ site, engine, root, say }: Stage): Promise<Moments> {
  const clients = ['acme', 'borealis', 'cobalt']
  say('Making 14 days of calls, agents and campaigns up to yesterday ...')
  const data = await makeData(site.warehouse)
  say(`  ${data.calls.toLocaleString('en-US')} calls, ${data.campaigns.length} campaigns`)

  for (const upload of uploads) {
    const connection = site.connections.find(
      (each): each is SftpConnection => each.name === upload.connection && each.type === 'sftp',
    )
    if (!connection) throw new Error(`the demo's jobs.d lacks connection ${upload.connection}`)
    say(`FTPin: uploading ${upload.path} for ${upload.client}, as ${upload.path}.part, then renaming it`)
    await dropFile(
      { ...connection, username: connection.name },
      site.secretOf(connection.password?.secret ?? ''),
      upload.path,
      campaignFile(upload.client),
      site.sftpPort,
    )
  }
  for (const client of campaignClients) {
    const campaign = data.campaigns.findLast((each) => each.client === client)
    if (!campaign) throw new Error(`the sample data has no campaign of ${client}`)
    const policy = parse(
      await readFile(join(root, `jobs.d/platform/clients/${client}.yaml`), 'utf8'),
    ) as ClientPolicy
    const key = policy.eventKeys?.[0]?.key.secret ?? ''
    say(`Campaign: posting the signed end of ${campaign.name} of ${client}`)
    await postCampaignEnd(engine.address, site.secretOf(key), {
      client,
      campaign: { id: campaign.id, name: campaign.name },
    })
  }
  for (const each of endOfDay) {
    const slot = latestSlot(each, Date.now())
    say(`Scheduled: jobsd run ${each.job} --slot ${slot}`)
    // Not awaited: the table shows how it goes, and what does not come about is missing at the end.
    spawnJobsd(['run', each.job, '--slot', slot, '--data', site.data])
  }
  say('Scheduled: acme/minute-pulse is due at the next full minute')
  say('')

  return { clients, missing: (runs) => findMissing(runs) }
}

function findMissing(runs: RunDetail[]): string[] {
  const ended = (job: string, type: RunDetail['trigger']['type']) =>
    runs.filter((run) => run.job === job && run.trigger.type === type && run.state === 'succeeded')
  const wanted: [string, RunDetail['trigger']['type'], number][] = [
    ...endOfDay.map(({ job, runs: count }): [string, 'manual', number] => [job, 'manual', count]),
    ...campaignClients.map((client): [string, 'campaign', number] => [
      `${client}/campaign-result`,
      'campaign',
      1,
    ]),
    ...uploads.map(({ client }): [string, 'ftp-in', number] => [`${client}/campaign-upload`, 'ftp-in', 1]),
    ['acme/minute-pulse', 'scheduled', 1],
  ]
  const missing = wanted
    .filter(([job, type, count]) => ended(job, type).length < count)
    .map(([job, type, count]) => `${job} (${type}): ${ended(job, type).length} of ${count} runs succeeded`)
  const open = runs
    .filter((run) => run.endedAt === null)
    .map((run) => `${run.job}: run ${run.id} has not ended`)
  return [...missing, ...open]
}

/** The latest moment before now at which that local time was. */
function latestSlot({ timezone, hour, minute }: (typeof endOfDay)[number], nowMs: number): string {
  const dayMs = 86_400_000
  for (let back = 0; ; back += 1) {
    const { year, month, day } = toLocal(timezone, nowMs - back * dayMs)
    const slotMs = startOfLocal(timezone, year, month, day, hour, minute)
    if (slotMs <= nowMs) return new Date(slotMs).toISOString()
  }
}

function campaignFile(client: string): Buffer {
  const rows = Array.from(
    { length: 500 },
    (_, index) =>
      `${client}-${1000 + index},"Customer ${index}",+1555010${String(index % 100).padStart(2, '0')}`,
  )
  return Buffer.from(`account,name,phone\n${rows.join('\n')}\n`)
}

function spawnJobsd(args: string[]): void {
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, ...args], { stdio: 'ignore' })
}

interface SampleData {
  calls: number
  campaigns: { client: string; id: string; name: string }[]
}

/** In a process of its own: this one serves SFTP, mail and S3 meanwhile. */
async function makeData(folder: string): Promise<SampleData> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'make-data.ts'), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`making the sample data ended with ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as SampleData
}
