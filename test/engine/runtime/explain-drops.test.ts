import t from 'tap'
import type { DropOutcome, SeenRecord } from '../../../engine/core/contracts/drops.ts'
import { whyUnwanted } from '../../../engine/core/drop-names.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { DropFolder } from '../../../engine/core/manifest.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import type { KnownJob } from '../../../engine/runtime/explain.ts'
import { explainFile } from '../../../engine/runtime/explain-file.ts'
import { lookAtFile } from '../../../engine/runtime/look-at-file.ts'
import { createMemoryEndpoints, createMemoryFiles } from '../../fakes/endpoints.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const at = '2026-11-22T12:00:00.000Z'

function snapshotOf(changes: Partial<DropFolder>): Snapshot {
  const snapshot = createSnapshot()
  const folders = [{ connection: 'acme-sftp', path: '/drop', ...changes }]
  return {
    ...snapshot,
    manifest: { ...snapshot.manifest, enabled: true, trigger: { type: 'ftp-in', folders } },
  }
}

function knownJob(changes: Partial<DropFolder> = {}): KnownJob {
  const body = snapshotOf(changes)
  const version = { job: body.job, revision: 'r', snapshot: body.digest, at, body }
  const record = { job: body.job, removedAt: null, message: '' } as KnownJob['record']
  return { record, versions: [version], suspended: undefined, nowMs: Date.parse(at) }
}

function seen(outcome: DropOutcome, note: string, settled: string | null = null): SeenRecord {
  const place = { connection: 'acme-sftp', folder: '/drop', path: '/drop/a.csv', lies: '/drop/a.csv' }
  const facts = { key: 'k', size: 3, mtimeMs: 1000, sha256: 'c'.repeat(64), companion: null, awaits: true }
  return { ...place, ...facts, outcome, note, at, target: null, settled }
}

t.test('a file that was decided on is told with why, and where it went', (t) => {
  const tell = (record: SeenRecord) => {
    const asked = { path: '/drop/a.csv', taken: [], same: [], seen: [record] }
    const { answer, sentence } = explainFile(knownJob(), asked, whyUnwanted)
    return `${answer}: ${sentence.replace(/^\S+ /, '')}`
  }
  const same = 'it has the same content as /drop/b.csv, taken at T'
  t.equal(
    tell(seen('skipped', same, 'moved to /archive/a.csv')),
    `ignored: saw /drop/a.csv and skipped it at ${at}: ${same}; moved to /archive/a.csv`,
  )
  t.equal(tell(seen('refused', same)), `ignored: saw /drop/a.csv and refused it at ${at}: ${same}`)
  t.equal(
    tell(seen('incomplete', 'it was not complete after 1h: no a.csv.done lies beside it')),
    'waiting: saw /drop/a.csv and waits for it: it was not complete after 1h: no a.csv.done lies beside it',
  )
  t.match(
    tell({ ...seen('claiming', ''), lies: '/drop/.jobsd/claimed/1' }),
    /^waiting: .* lies at \/drop\/\.jobsd\/claimed\/1$/,
  )
  t.end()
})

t.test('what lies there now is looked at, and said in the sentence', async (t) => {
  const remote = createMemoryFiles()
  const tell = async (changes: Partial<DropFolder> = {}) => {
    const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote } })
    const signal = new AbortController().signal
    const live = await lookAtFile(snapshotOf(changes), '/drop/a.csv', endpoints, new Date(at), signal)
    const asked = { path: '/drop/a.csv', taken: [], same: [], live }
    const { sentence, evidence } = explainFile(knownJob(changes), asked, whyUnwanted)
    return { sentence, texts: evidence.map(({ text }) => text) }
  }
  const nothing = await tell()
  t.match(nothing.sentence, /: nothing lies there now; what lies in/)
  t.ok(nothing.texts.includes('nothing lies at acme-sftp:/drop/a.csv now'))
  remote.drop('/drop/a.csv', 'x', 0, 'other')
  t.match((await tell()).sentence, /: a link lies there, and links are not followed; /)
  remote.drop('/drop/a.csv', 'one', Date.parse(at) - 5000)
  const companion = await tell({ companion: { suffix: '.sha256' } })
  t.match(
    companion.sentence,
    /: a\.csv\.sha256 is not there yet; what lies in .* and with its sha256, every 10s$/,
  )
  t.ok(companion.texts.includes('a file lies at acme-sftp:/drop/a.csv now: 3 bytes, changed 5 s ago'))
  remote.before = () => {
    throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'down' })
  }
  t.match((await tell()).sentence, /: its server cannot be asked now \(ENDPOINT_UNREACHABLE\); /)
})
