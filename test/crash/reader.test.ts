/** What the crash matrix's reader finds: it must see each thing that must not be. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Asked } from '../../scripts/crash/asked.ts'
import type { LedgerRows } from '../../scripts/crash/ledger-rows.ts'
import { judge } from '../../scripts/crash/reader.ts'
import type { Publish } from '../../scripts/crash/record.ts'
import type { World } from '../../scripts/crash/world.ts'

const asked: Asked = {
  slots: ['2026-11-22T06:00:00.000Z'],
  files: [{ job: 'borealis/upload', name: 'two.csv', sha256: 'two' }],
  events: [{ id: 'C-1', isAnswered: true }],
  hands: [{ slot: '2026-03-01T00:00:00.000Z', isAnswered: false }],
}

interface Scene {
  publishes: Publish[]
  mails: { to: string; name: string; id: string }[]
  ledger: LedgerRows
}

/** A day on which all went well. */
function goodDay(): Scene {
  const publish = (target: Publish['target'], path: string, sha256: string) => ({
    target,
    path,
    sha256,
    size: 9,
  })
  const run = (job: string, type: string, key: string, slot: string) => {
    return { id: job, job, state: 'succeeded', type, key, slot }
  }
  return {
    publishes: [
      publish('sftp', 'acme-sftp/outbound/daily/daily_20261122.csv', 'daily'),
      publish('s3', 'trials/daily/daily_20261122.csv', 'daily'),
      publish('folder', 'archive/daily/daily_20261122.csv', 'daily'),
      publish('sftp', 'acme-sftp/outbound/campaign/campaign_C-1.csv', 'campaign'),
      publish('folder', 'archive/follow/follow_C-1.csv', 'follow'),
      publish('folder', 'archive/borealis/two.csv', 'two'),
      publish('sftp', 'dropbox/done/two.csv', 'two'),
    ],
    mails: [
      { to: 'daily@acme.example', name: 'daily_20261122.csv', id: '<1@x>' },
      { to: 'campaign@acme.example', name: 'campaign_C-1.csv', id: '<2@x>' },
      { to: 'upload@borealis.example', name: 'two.csv', id: '<3@x>' },
    ],
    ledger: {
      runs: [
        run('acme/daily', 'scheduled', 'daily@2026-11-22T06:00:00.000Z', '2026-11-22T06:00:00.000Z'),
        run('acme/campaign', 'campaign', '["/dialer","C-1"]', '2026-11-23T00:00:00.000Z'),
        run('acme/follow', 'after', 'campaign:acme/campaign', '2026-11-23T00:00:00.000Z'),
        run('borealis/upload', 'ftp-in', '["dropbox","/in/two.csv",9,1]', '2026-11-23T00:00:00.000Z'),
      ],
      deliveries: [],
      events: ['C-1'],
      slots: [{ at: '2026-11-22T06:00:00.000Z', outcome: 'ran' }],
    },
  }
}

function read(t: Test, scene: Scene, leftover?: string, inDoubt = 0) {
  const folder = t.testdir({ sftp: { dropbox: { in: {} } }, folders: { inbox: { in: {} } }, data: {} })
  if (leftover !== undefined) {
    mkdirSync(join(folder, leftover, '..'), { recursive: true })
    writeFileSync(join(folder, leftover), '')
  }
  const world = {
    sftp: join(folder, 'sftp'),
    folders: join(folder, 'folders'),
    data: join(folder, 'data'),
    record: () => ({ publishes: scene.publishes, faults: [] }),
    mails: () =>
      scene.mails.map(({ to, name, id }) => ({
        from: '',
        to: [to],
        raw: Buffer.from(`Message-ID: ${id}\r\nContent-Disposition: attachment; filename=${name}\r\n`),
      })),
  }
  return judge(world as unknown as World, asked, scene.ledger, inDoubt).faults
}

t.test('a day on which all went well has no fault', async (t) => t.same(read(t, goodDay()), []))

t.test('a file that is missing, came twice, was cut or was never asked for is a fault', async (t) => {
  for (let index = 0; index < goodDay().publishes.length; index += 1) {
    const day = goodDay()
    const [gone] = day.publishes.splice(index, 1) as [Publish]
    t.same(read(t, day), [`lost: ${gone.target} ${gone.path}`])
    day.publishes.push(gone, gone)
    t.same(read(t, day), [`doubled: ${gone.target} ${gone.path} was published 2 times`])
  }
  const cut = goodDay()
  cut.publishes[1]!.sha256 = 'another'
  t.same(read(t, cut), ['partial: s3 trials/daily/daily_20261122.csv had 9 bytes of another sha256'])
  const odd = goodDay()
  odd.publishes.push({ target: 's3', path: 'trials/odd.csv', sha256: 'odd', size: 1 })
  t.same(read(t, odd), ['nobody asked for s3 trials/odd.csv'])
})

t.test('a question by hand that was not answered may have been heard', async (t) => {
  const day = goodDay()
  const hand = { id: 'hand', job: 'borealis/by-hand', state: 'succeeded', type: 'manual', key: '' }
  day.ledger.runs.push({ ...hand, slot: '2026-03-01T00:00:00.000Z' })
  t.match(read(t, day), ['lost: the mail to hand@borealis.example with By hand 2026-03-01T00:00'])
  day.mails.push({ to: 'hand@borealis.example', name: 'By hand 2026-03-01T00:00:00+00:00', id: '<5@x>' })
  t.same(read(t, day), [])
})

t.test('a mail may be held or come twice only as its job says, and only where it was in doubt', async (t) => {
  const lost = goodDay()
  lost.mails.shift()
  t.match(read(t, lost), ['lost: the mail to daily@acme.example with daily_20261122.csv'])

  const twice = goodDay()
  twice.mails.push(twice.mails[0]!)
  t.same(read(t, twice, undefined, 1), ['doubled: the mail to daily@acme.example with daily_20261122.csv'])

  const resent = goodDay()
  resent.mails.push(resent.mails[1]!)
  t.same(read(t, resent, undefined, 1), [])
  t.same(read(t, resent), ['1 mails are doubled, and only 0 were in doubt'])

  const other = goodDay()
  other.mails.push({ ...other.mails[1]!, id: '<9@x>' })
  t.match(read(t, other, undefined, 1), [/2 message ids for 1 mails/])

  const held = goodDay()
  held.mails.shift()
  held.ledger.runs[0]!.state = 'failed'
  held.ledger.deliveries.push({
    runId: 'acme/daily',
    job: 'acme/daily',
    target: 'mail:mail:daily@acme.example',
    state: 'in-doubt',
  })
  t.same(read(t, held, undefined, 1), ['a mail is held and the operators were not told'])
  held.mails.push({ to: 'ops@platform.example', name: '', id: '<4@x>' })
  t.same(read(t, held, undefined, 1), [])
})

t.test('a run that is missing, came twice, has not ended or failed is a fault', async (t) => {
  const lost = goodDay()
  lost.ledger.runs.pop()
  t.same(read(t, lost), ['lost: no run of borealis/upload ftp-in two.csv'])
  const twice = goodDay()
  twice.ledger.runs.push(twice.ledger.runs[0]!)
  t.same(read(t, twice), ['doubled: 2 runs of acme/daily scheduled 2026-11-22T06:00:00.000Z'])
  const open = goodDay()
  open.ledger.runs[1]!.state = 'running'
  t.same(read(t, open), ['acme/campaign campaign C-1 is running at the end'])
  const failed = goodDay()
  failed.ledger.runs[1]!.state = 'failed'
  t.same(read(t, failed), ['1 runs failed, and 0 mails are held'])
  const slot = goodDay()
  slot.ledger.slots[0]!.outcome = 'missed'
  t.same(read(t, slot), ['slot 2026-11-22T06:00:00.000Z is not recorded as ran'])
})

t.test('what is left behind is a fault', async (t) => {
  for (const path of [
    'sftp/acme/.a.csv.0123.part',
    'folders/archive/.a.csv.0123.part',
    'sftp/dropbox/in/two.csv',
    'data/artifacts/scratch/x',
    join('data', 'work', 'x'),
  ])
    t.equal(read(t, goodDay(), path).length, 1, path)
})
