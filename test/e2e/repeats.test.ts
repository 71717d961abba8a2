import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { dropFile } from '../../scripts/demo/moments.ts'
import { type Stage, setStage } from './stage.ts'

const slot = '2026-11-23T00:30:00Z'

function listMails({ out }: Stage): string[] {
  return readdirSync(out.mail)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(out.mail, name), 'utf8'))
}

async function findUploads({ out }: Stage): Promise<string[]> {
  const names = await readdir(out.sftp, { recursive: true })
  return names.filter((name) => name.endsWith('acme_dallas_20261121.csv')).map((name) => join(out.sftp, name))
}

t.test('a run is sent again and made anew through real servers, with an engine and without', async (t) => {
  const stage = await setStage(t)
  const { jobsd, dir } = stage
  const ran = await jobsd(
    'run',
    'acme/eod-call-detail',
    '--slot',
    slot,
    '--call-center',
    'dallas',
    '--dir',
    dir,
    '--json',
  )
  t.equal(ran.code, 0, ran.stderr)
  const [{ id, steps }] = JSON.parse(ran.stdout).runs
  const [upload = ''] = await findUploads(stage)
  const bytes = await readFile(upload, 'utf8')
  t.equal(listMails(stage).length, 1)

  await writeFile(upload, 'half')
  const resent = await jobsd(
    'resend',
    id,
    '--why',
    'their disk was full',
    '--as',
    'ana',
    '--dir',
    dir,
    '--json',
  )
  t.equal(resent.code, 0, resent.stderr)
  t.equal(await readFile(upload, 'utf8'), bytes, 'replaced by what was stored')
  const mails = listMails(stage)
  t.equal(mails.length, 2)
  const isMarked = (mail: string) => new RegExp(`^X-Jobsd-Resend: ${id}\r?$`, 'm').test(mail)
  t.equal(mails.filter(isMarked).length, 1)
  t.equal(new Set(mails.map((mail) => /^Message-ID: (.*)$/im.exec(mail)?.[1])).size, 2)
  const [again] = JSON.parse(resent.stdout).runs
  t.same(
    again.steps.map(({ name }: { name: string }) => name),
    ['upload', 'mail-dallas'],
  )
  t.same(again.steps[0].deliveries[0].artifact, steps[1].deliveries[0].artifact)

  await stage.start()
  await rm(upload)
  const anew = await jobsd('rerun', id, '--from', 'upload', '--why', 'once more', '--as', 'bo', '--json')
  t.equal(anew.code, 0, anew.stderr)
  t.equal(await readFile(upload, 'utf8'), bytes)
  t.equal(listMails(stage).length, 3)
  const shown = (await jobsd('runs', id)).stdout
  t.match(shown, `repeated by  run ${again.id} (resend, by ana: their disk was full)`)
  t.match(shown, `repeated by  run ${JSON.parse(anew.stdout).runs[0].id} (rerun, by bo: once more)`)
  const cancelled = await jobsd('cancel', id, '--why', 'too late')
  t.equal(cancelled.code, 2)
  const explained = await jobsd('explain', 'acme/eod-call-detail', '--slot', '2026-11-22T18:30')
  t.equal(explained.code, 0)
  t.match(explained.stdout, new RegExp(`was not due at .*; by hand: run ${id} for dallas succeeded`))
})

t.test('a posted file is explained while the engine runs, and after', async (t) => {
  const stage = await setStage(t)
  const engine = await stage.start()
  const drop = stage.site.connections.find(
    (each): each is SftpConnection => each.type === 'sftp' && each.name === 'dropbox-acme',
  )!
  const password = stage.site.secretOf(drop.password?.secret ?? '')
  const bytes = Buffer.from('account,phone\n1,+15550100\n')
  await dropFile(
    { ...drop, username: drop.name },
    password,
    '/acme/campaigns/spring.csv',
    bytes,
    stage.site.sftpPort,
  )
  const [run] = await stage.until((runs) => runs.some(({ state }) => state === 'succeeded'))
  const explain = () => stage.jobsd('explain', 'acme/campaign-upload', '--file', '/acme/campaigns/spring.csv')
  const told = await explain()
  t.equal(told.code, 0, told.stderr)
  t.match(told.stdout, new RegExp(`took /acme/campaigns/spring.csv at .*run ${run?.id} succeeded at`))
  t.match(told.stdout, /moved to/)
  await engine.kill()
  const looked = 'nothing lies at dropbox-acme:/acme/campaigns/spring.csv now'
  t.match(told.stdout, looked)
  const alone = told.stdout.replace(looked, 'no engine runs, so nobody looked whether it lies there now')
  t.equal((await explain()).stdout, alone, 'the same out of the ledger alone')
})
