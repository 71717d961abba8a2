import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'
import { makeBackup } from '../../../engine/adapters/backup.ts'
import { type DataFolder, dataFolderOf, lockDataFolder } from '../../../engine/adapters/data-folder.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { restoreBackup } from '../../../engine/adapters/restore.ts'
import type { DueRecord, Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { Delivery, RunFile } from '../../../engine/core/model.ts'
import { deliver } from '../../../engine/runtime/outbox.ts'
import { createManualClock } from '../../fakes/clock.ts'

const now = new Date('2026-11-22T12:00:00Z')
const at = now.toISOString()

const due: DueRecord = {
  job: 'acme/eod',
  trigger: { type: 'manual', key: 'a' },
  slot: at,
  schedule: null,
  event: null,
  file: null,
  callCenters: [null],
  snapshot: 'd'.repeat(64),
  revision: 'r1',
  firstStep: 'upload',
  dryRun: false,
  group: null,
  now: at,
}

/** A data folder at work: a run that stands in the middle of two deliveries of one file. */
async function createWorking(t: Test) {
  const root = t.testdir({ data: {} })
  const data = dataFolderOf(join(root, 'data'))
  const lock = lockDataFolder(data.root)
  const ledger = openSqliteLedger(data.ledger)
  const artifacts = await createArtifactFolder(data.artifacts)
  t.teardown(async () => {
    await ledger.close()
    lock.release()
  })
  const [runId = ''] = await ledger.recordDue({ ...due, firstStep: 'build' })
  const guard = { runId, token: (await ledger.claimRun(runId, at))?.token ?? 0 }
  const step = await ledger.beginStep(guard, 'build', 'report', at)
  const file = await storeFile(artifacts, 'calls, calls, calls')
  await ledger.endStep(guard, {
    seq: step.seq,
    outcome: 'succeeded',
    note: '',
    error: null,
    files: [file],
    next: { step: 'upload' },
    alert: null,
    now: at,
  })
  await ledger.beginStep(guard, 'upload', 'ftp-out-copy', at)
  for (const target of ['sftp:a:/calls.csv', 'mail:m:x@y.example']) {
    // As the outbox names it.
    const id = createHash('sha256')
      .update(JSON.stringify([runId, 'upload', target]))
      .digest('hex')
      .slice(0, 16)
    const artifact = { sha256: file.sha256, size: file.size, fileName: file.fileName }
    await ledger.intendDelivery(guard, { id, runId, step: 'upload', target, artifact }, at)
    await ledger.markDelivery(guard, id, 'sending', '', at)
  }
  return { root, data, ledger, artifacts, runId, file }
}

async function storeFile(
  artifacts: Awaited<ReturnType<typeof createArtifactFolder>>,
  text: string,
): Promise<RunFile> {
  const scratch = await artifacts.scratch()
  writeFileSync(scratch, text)
  const artifact = await artifacts.adopt(scratch)
  const about = {
    step: 'build',
    fileName: 'calls.csv',
    mediaType: 'text/csv',
    rows: 1,
    period: null,
    origin: null,
  }
  return { ...artifact, ...about }
}

async function read(ledger: Ledger) {
  return {
    runs: await ledger.runs({ limit: 100 }),
    alerts: await ledger.pendingAlerts(),
    jobs: await ledger.jobs(),
  }
}

function openRestored(t: Test, data: DataFolder): Ledger {
  const ledger = openSqliteLedger(data.ledger)
  t.teardown(() => ledger.close())
  return ledger
}

const modeOf = (path: string) => statSync(path).mode & 0o777

t.test('what was backed up beside a working engine is the same once it is restored', async (t) => {
  const { root, data, ledger, file } = await createWorking(t)
  const out = join(root, 'backup')
  t.match(await makeBackup(data, out, now), { artifacts: 1, copied: 1, expired: 0, lost: [] })
  const before = await read(ledger)
  await ledger.recordDue({ ...due, trigger: { type: 'manual', key: 'later' } })

  const restored = dataFolderOf(join(root, 'restored'))
  t.match(await restoreBackup(out, restored), { createdAt: at, artifacts: 1, missing: 0 })
  t.same(await read(openRestored(t, restored)), before, 'as it was then')
  const kept = await (await createArtifactFolder(restored.artifacts)).open(file.sha256, file.size)
  t.equal(readFileSync(kept, 'utf8'), 'calls, calls, calls')
  t.same(
    readdirSync(restored.root)
      .sort()
      .filter((name) => !/lock|-wal|-shm/.test(name)),
    ['artifacts', 'ledger.db', 'work'],
  )
  for (const path of [out, join(out, 'artifacts'), restored.root, restored.artifacts])
    t.equal(modeOf(path), 0o700, path)
  for (const path of [join(out, 'backup.json'), restored.ledger, kept]) t.equal(modeOf(path), 0o600, path)
})

t.test('a delivery that was on its way in the backup is handled as after a crash', async (t) => {
  const { root, data, runId, file } = await createWorking(t)
  await makeBackup(data, join(root, 'backup'), now)
  const restored = dataFolderOf(join(root, 'restored'))
  await restoreBackup(join(root, 'backup'), restored)
  const ledger = openRestored(t, restored)
  const run = await ledger.claimRun(runId, at)
  t.match(run, { state: 'running', position: 'upload', token: 2 })
  if (!run) return
  const outbox = { ledger, clock: createManualClock(at), run, step: 'upload', guard: { runId, token: 2 } }
  const sent: string[] = []
  const send = async (): Promise<string> => {
    sent.push('again')
    return 'sent'
  }
  const found: Delivery = await deliver(outbox, {
    target: 'sftp:a:/calls.csv',
    file,
    look: async () => true,
    send,
  })
  t.match(found, { state: 'confirmed', note: /found at the target/ }, 'it is looked at')
  await t.rejects(deliver(outbox, { target: 'mail:m:x@y.example', file, send }), { code: 'MAIL_IN_DOUBT' })
  t.same(sent, [])
})

t.test(
  'a second backup into the folder copies what is new, and drops what nothing names any more',
  async (t) => {
    const { root, data, ledger, artifacts, runId, file } = await createWorking(t)
    const out = join(root, 'backup')
    await makeBackup(data, out, now)
    const guard = { runId, token: 1 }
    const other = await storeFile(artifacts, 'other')
    await ledger.endStep(guard, {
      seq: 2,
      outcome: 'succeeded',
      note: '',
      error: null,
      files: [{ ...other, step: 'upload' }],
      next: { end: 'succeeded' },
      alert: null,
      now: at,
    })
    chmodSync(join(out, 'artifacts', file.sha256.slice(0, 2), file.sha256), 0o600)
    writeFileSync(join(out, 'artifacts', file.sha256.slice(0, 2), file.sha256), 'rotten')
    t.match(await makeBackup(data, out, now), { artifacts: 2, copied: 2 }, 'what rotted there is made good')
    t.match(await makeBackup(data, out, now), { artifacts: 2, copied: 0 })
    t.equal(readdirSync(out).filter((name) => name.startsWith('ledger-')).length, 1, 'one ledger')
    await ledger.recordDue({
      ...due,
      trigger: { type: 'manual', key: 'newest' },
      now: '2027-12-01T00:00:00.000Z',
    })
    const limits = { runsBefore: '2027-12-02T00:00:00.000Z', eventsBefore: at, duesBefore: at, rows: 200 }
    t.match(await ledger.prune(limits), { runs: 1, more: false })
    t.match(await makeBackup(data, out, now), { artifacts: 0 })
    t.same(
      readdirSync(join(out, 'artifacts')).flatMap((name) => readdirSync(join(out, 'artifacts', name))),
      [],
    )
  },
)

t.test(
  'an artifact that should be there and is not is told; one that is no longer kept is no loss',
  async (t) => {
    const { root, data, ledger, artifacts, runId, file } = await createWorking(t)
    rmSync(await artifacts.open(file.sha256, file.size))
    const out = join(root, 'backup')
    t.match(await makeBackup(data, out, now), { artifacts: 0, expired: 0, lost: [file.sha256] })
    await ledger.endStep(
      { runId, token: 1 },
      {
        seq: 2,
        outcome: 'succeeded',
        note: '',
        error: null,
        files: [],
        next: { end: 'succeeded' },
        alert: null,
        now: at,
      },
    )
    t.match(await makeBackup(data, out, now), { lost: [file.sha256] })
    const later = new Date(now.getTime() + 91 * 86_400_000)
    t.match(await makeBackup(data, out, later), { artifacts: 0, expired: 1, lost: [] })
    t.match(await restoreBackup(out, dataFolderOf(join(root, 'restored'))), { artifacts: 0, missing: 1 })
  },
)

t.test('a restore refuses a running engine, a folder in use, and what is no backup', async (t) => {
  const { root, data } = await createWorking(t)
  const out = join(root, 'backup')
  await makeBackup(data, out, now)
  await t.rejects(restoreBackup(out, data), { code: 'ENGINE_RUNNING' })
  const used = dataFolderOf(join(t.testdir({ used: { 'notes.txt': 'mine' } }), 'used'))
  await t.rejects(restoreBackup(root, used), { code: 'BAD_REQUEST', message: /holds no backup/ })
})

t.test('a folder that holds other things is neither restored into nor backed up into', async (t) => {
  const { root, data } = await createWorking(t)
  const out = join(root, 'backup')
  await makeBackup(data, out, now)
  writeFileSync(join(root, 'notes.txt'), 'mine')
  await t.rejects(restoreBackup(out, dataFolderOf(root)), { code: 'BAD_REQUEST', message: /is not empty/ })
  t.notOk(existsSync(join(root, 'engine.lock')), 'and is left as it is')
  await t.rejects(makeBackup(data, root, now), { code: 'BAD_REQUEST', message: /holds other things/ })
  await t.rejects(makeBackup(data, data.root, now), { code: 'BAD_REQUEST', message: /data folder itself/ })
})

for (const [what, damage] of [
  ['its ledger is damaged', (out: string) => overwrite(out, /^ledger-/)],
  ['an artifact is damaged', (out: string) => overwrite(join(out, 'artifacts'), /^[0-9a-f]{64}$/)],
  ['an artifact is gone', (out: string) => rmSync(join(out, 'artifacts'), { recursive: true })],
  ['its list is cut off', (out: string) => writeFileSync(join(out, 'backup.json'), '{"format": 1')],
] as const) {
  t.test(`a backup is refused, and nothing put in place, where ${what}`, async (t) => {
    const { root, data } = await createWorking(t)
    const out = join(root, 'backup')
    await makeBackup(data, out, now)
    damage(out)
    const restored = dataFolderOf(join(root, 'restored'))
    await t.rejects(restoreBackup(out, restored), { code: 'BACKUP_DAMAGED' })
    t.notOk(existsSync(restored.ledger))
    t.notOk(existsSync(restored.artifacts))
    lockDataFolder(join(root, 'restored')).release()
  })
}

/** Changes one byte of each file of such a name, the size stays. */
function overwrite(folder: string, name: RegExp): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.test(path.split('/').at(-1) ?? '')) continue
    const bytes = readFileSync(join(folder, path))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(join(folder, path), bytes)
  }
}
