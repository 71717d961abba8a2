import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type ParsedMail, simpleParser } from 'mailparser'
import t from 'tap'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { findArrivals } from '../../scripts/demo/arrivals.ts'
import { dropFile, postCampaignEnd } from '../../scripts/demo/moments.ts'
import { runJobsd, type Stage, setStage } from './stage.ts'

const ended = ['succeeded', 'failed', 'skipped', 'cancelled']
/** 18:30 on Sunday in Chicago: the latest complete day is Saturday. */
const dallasSlot = '2026-11-23T00:30:00Z'

async function readMails(stage: Stage): Promise<ParsedMail[]> {
  const names = readdirSync(stage.out.mail).filter((name) => name.endsWith('.eml'))
  return Promise.all(names.map((name) => simpleParser(readFileSync(join(stage.out.mail, name)))))
}

function recipientsOf({ to, cc, bcc }: ParsedMail): string[] {
  return [to, cc, bcc]
    .flatMap((field) => (field ? [field].flat() : []))
    .flatMap(({ value }) => value.map(({ address }) => address ?? ''))
}

/** The call ids of a call center's local day, asked of the data itself by another route than the report. */
async function askData(
  stage: Stage,
  client: string,
  callCenter: string,
  fromUtc: string,
  toUtc: string,
): Promise<string[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const reader = await connection.runAndReadAll(
    `select call_id from '${stage.site.warehouse}/calls.parquet' where client = '${client}' and call_center = '${callCenter}'
     and start_at >= timestamp '${fromUtc}' and start_at < timestamp '${toUtc}'`,
  )
  return reader.getRows().map(([id]) => String(id))
}

t.test('every trigger becomes deliveries that are whole, right and only where they belong', async (t) => {
  const stage = await setStage(t)
  const engine = await stage.start()

  const ran = await stage.jobsd('run', 'acme/eod-call-detail', '--slot', dallasSlot, '--json')
  t.equal(ran.code, 0, ran.stderr)
  t.match(JSON.parse(ran.stdout), { runs: [{ state: 'succeeded' }, { state: 'succeeded' }] })
  t.match(ran.stderr, /acme\/eod-call-detail dallas {2}succeeded/, 'progress is shown')
  t.equal((await stage.jobsd('run', 'borealis/eod-call-detail', '--slot', '2026-11-23T02:30:00Z')).code, 0)

  const campaign = stage.campaigns.findLast(({ client }) => client === 'acme')
  await postCampaignEnd(engine.address, stage.site.secretOf('acme-event-key'), {
    client: 'acme',
    campaign: { id: campaign?.id ?? '', name: campaign?.name ?? '' },
  })
  const dropped = Buffer.from('account,phone\n1,+15550100\n'.repeat(1000))
  const drop = stage.site.connections.find(
    (each): each is SftpConnection => each.type === 'sftp' && each.name === 'dropbox-acme',
  )
  if (!drop) throw new Error('the example config lacks dropbox-acme')
  await dropFile(
    { ...drop, username: drop.name },
    stage.site.secretOf(drop.password?.secret ?? ''),
    '/acme/campaigns/spring.csv',
    dropped,
    stage.site.sftpPort,
  )
  const runs = await stage.until(
    (all) =>
      ['campaign', 'ftp-in'].every((type) => all.some((run) => run.trigger.type === type)) &&
      all.every((run) => ended.includes(run.state)),
  )

  t.same(
    runs.filter((run) => run.state !== 'succeeded'),
    [],
    'every run succeeded',
  )
  const arrivals = await findArrivals(runs, stage.site, stage.out)
  t.ok(arrivals.length >= 9, `${arrivals.length} deliveries`)
  t.same(
    arrivals.filter(({ problem }) => problem),
    [],
    'each is at its target with the sha256 of the ledger',
  )

  const mails = await readMails(stage)
  const reports = join(stage.out.sftp, 'acme-sftp/outbound/reports')
  t.same(
    readdirSync(reports).sort(),
    ['acme_dallas_20261121.csv', 'acme_tampa_20261121.csv'],
    'nothing else, no temporary file',
  )
  for (const callCenter of ['dallas', 'tampa']) {
    const csv = readFileSync(join(reports, `acme_${callCenter}_20261121.csv`))
    const attachments = mails
      .flatMap((mail) => mail.attachments)
      .filter(({ filename }) => filename === `acme_${callCenter}_20261121.csv`)
    t.equal(attachments.length, 1)
    t.ok(attachments[0]?.content.equals(csv), 'the attachment is the file, byte for byte')
    const expected = await askData(stage, 'acme', callCenter, '2026-11-21 06:00:00', '2026-11-22 06:00:00')
    const found = csv
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0])
    t.ok(expected.length > 10, `${expected.length} calls`)
    t.same(found.toSorted(), expected.toSorted(), 'exactly the calls that the data holds')
    const to = mails
      .filter((mail) =>
        mail.attachments.some(({ filename }) => filename === `acme_${callCenter}_20261121.csv`),
      )
      .flatMap(recipientsOf)
    t.same(to, [`${callCenter}@acme.example`], 'only to its own people')
  }

  const objects = await stage.site.objects('acme-reports')
  t.ok(
    objects.some(({ key, body }) => key === 'uploads/spring.csv' && body.equals(dropped)),
    'the dropped file is in the bucket, whole',
  )
  const loaded = readdirSync(join(stage.out.sftp, 'dropbox-acme/acme/loaded'))
  t.equal(loaded.length, 1)
  t.ok(
    readFileSync(join(stage.out.sftp, 'dropbox-acme/acme/loaded', loaded[0] ?? '')).equals(dropped),
    'and moved, whole',
  )
  t.same(readdirSync(join(stage.out.sftp, 'dropbox-acme/acme/campaigns')), [])

  const made = await stage.jobsd('catalog', stage.dir, '--out', stage.out.catalog)
  t.equal(made.code, 0, made.stderr)
  const pages = readdirSync(join(stage.out.catalog, 'borealis'), {
    recursive: true,
    encoding: 'utf8',
    withFileTypes: true,
  }).filter((entry) => entry.isFile())
  t.ok(pages.length >= 5)
  for (const entry of pages) {
    t.notMatch(
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
      /acme|dallas|tampa|cobalt|miami/i,
      `${entry.name} tells of borealis alone`,
    )
  }

  t.match(await stage.jobsd('status'), { code: 0, stdout: /acme\/eod-call-detail +Synced +Healthy/ })
  const whole = engine.log().join('\n') + ran.stdout + ran.stderr + JSON.stringify(runs)
  for (const name of ['acme-sftp-password', 'acme-event-key', 'acme-s3-secret-access-key'])
    t.notOk(whole.includes(stage.site.secretOf(name)), `${name} is in no log and no output`)
  t.equal(await engine.stop(), 0)
})

t.test(
  'killed in the middle of a delivery, the run goes on at that step and the target holds one file',
  async (t) => {
    let stalled: () => void = () => undefined
    const midway = new Promise<void>((resolve) => {
      stalled = resolve
    })
    let isCut = true
    const stage = await setStage(t, {
      hooks: {
        onWrite(path) {
          if (!isCut || !path.includes('outbound')) return 'ok'
          stalled()
          return 'stall'
        },
      },
    })
    const engine = await stage.start()
    const running = stage.jobsd(
      'run',
      'acme/eod-call-detail',
      '--slot',
      dallasSlot,
      '--call-center',
      'dallas',
    )
    await midway
    await engine.kill()
    await running
    const folder = join(stage.out.sftp, 'acme-sftp/outbound/reports')
    t.same(
      readdirSync(folder).filter((name) => !name.startsWith('.')),
      [],
      'nothing under the final name',
    )

    isCut = false
    await stage.start()
    const [run] = await stage.until(
      (all) => all.length === 1 && all.every(({ state }) => ended.includes(state)),
    )
    t.match(run, {
      state: 'succeeded',
      steps: [
        { name: 'build', attempts: 1 },
        { name: 'upload', attempts: 2 },
      ],
    })
    const names = readdirSync(folder)
    t.same(names, ['acme_dallas_20261121.csv'], 'one file, and nothing left of the first try')
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, names[0] ?? '')))
      .digest('hex')
    t.equal(run?.steps[1]?.deliveries[0]?.artifact?.sha256, sha256)
  },
)

t.test(
  'a manifest broken while the engine runs keeps its last good version, also after a restart',
  async (t) => {
    const stage = await setStage(t)
    const engine = await stage.start()
    const path = join(stage.dir, 'jobs.d/cobalt/eod-call-detail.yaml')
    const good = await readFile(path, 'utf8')
    const line = good.split('\n').findIndex((text) => text.includes('onEmpty')) + 1
    await writeFile(`${path}.new`, good.replace('onEmpty: skip', 'onEmpty: maybe'))
    await rename(`${path}.new`, path)

    const place = `jobs.d/cobalt/eod-call-detail.yaml:${line}:`
    const invalid = async () => {
      const { jobs } = JSON.parse((await stage.jobsd('status', '--json')).stdout) as {
        jobs: { job: string; sync: string; message: string }[]
      }
      return jobs.filter((job) => job.sync !== 'Synced')
    }
    for (let tries = 0; (await invalid()).length === 0 && tries < 30; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 100))
    t.match(
      await invalid(),
      [{ job: 'cobalt/eod-call-detail', sync: 'Invalid', message: place }],
      'that job alone, with its place',
    )
    t.ok(
      engine.log().some((entry) => entry.includes(place)),
      'the log names the place',
    )
    t.equal(
      (await stage.jobsd('run', 'cobalt/eod-call-detail', '--slot', '2026-11-23T05:15:00Z')).code,
      0,
      'its last good version runs',
    )

    await engine.stop()
    await stage.start()
    t.match(await invalid(), [{ job: 'cobalt/eod-call-detail', message: place }])
    t.equal(
      (await stage.jobsd('run', 'cobalt/eod-call-detail', '--slot', '2026-11-23T05:15:00Z', '--dry-run'))
        .code,
      0,
      'also after a restart',
    )

    await writeFile(path, good.replace('calls_', 'all_calls_'))
    for (let tries = 0; (await invalid()).length > 0 && tries < 30; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 100))
    t.same(await invalid(), [], 'mended, it is in step again')
  },
)

t.test("a job outside its client's policy is refused by validate and by the engine", async (t) => {
  const stage = await setStage(t, {
    async change(dir) {
      const edit = async (file: string, from: string, to: string): Promise<void> => {
        const path = join(dir, 'jobs.d', file)
        await writeFile(path, (await readFile(path, 'utf8')).replace(from, to))
      }
      await edit('acme/eod-call-detail.yaml', 'connection: acme-sftp', 'connection: borealis-sftp')
      await edit('borealis/campaign-result.yaml', 'campaigns@borealis.example', 'me@elsewhere.example')
    },
  })
  const validated = await runJobsd(['validate', stage.dir, '--json'])
  t.equal(validated.code, 1)
  t.match(JSON.parse(validated.stdout).problems, [
    { file: 'jobs.d/acme/eod-call-detail.yaml', rule: 'connection-not-allowed', message: /borealis-sftp/ },
    {
      file: 'jobs.d/borealis/campaign-result.yaml',
      rule: 'recipient-not-allowed',
      message: /elsewhere\.example/,
    },
  ])
  await stage.start()
  const refused = await stage.jobsd('run', 'acme/eod-call-detail', '--slot', dallasSlot)
  t.equal(refused.code, 2)
  t.match(
    refused.stderr,
    /acme\/eod-call-detail has no version that is valid: jobs\.d\/acme\/eod-call-detail\.yaml:37:17: /,
  )
  const { jobs } = JSON.parse((await stage.jobsd('status', '--json')).stdout) as { jobs: unknown[] }
  t.match(
    jobs.filter((job) => (job as { sync: string }).sync === 'Invalid'),
    [
      { job: 'acme/eod-call-detail', reason: 'NeverValid', message: /borealis-sftp/ },
      { job: 'borealis/campaign-result', reason: 'NeverValid', message: /elsewhere\.example/ },
    ],
  )
  t.same(await stage.runs(), [])
})
