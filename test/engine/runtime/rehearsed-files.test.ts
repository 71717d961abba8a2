import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { deletionEffects } from '../../../engine/core/changes/deletion-effects.ts'
import { targetsOf } from '../../../engine/core/changes/delivery-effects.ts'
import { testJob } from '../../../engine/runtime/job-tests.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, manifestsFolder, readCase } from '../config/golden.ts'

const config = load(await readCase(join(manifestsFolder, 'ok/files-in-full')))
const never = new AbortController().signal

function compiled(job: 'acme/eod' | 'acme/posted') {
  const made = compileJob(config, job)
  if ('problem' in made) throw new Error(made.problem.message)
  return made.snapshot
}

const request = { revision: 'r', data: { kind: 'made-up', rows: 1 } as const }

t.test('awaited files are there, packed, listed and delivered, without any time passing', async (t) => {
  const [run] = await rehearse(
    parts,
    { ...request, snapshot: compiled('acme/eod'), given: { callCenter: 'dallas' } },
    never,
  )
  t.equal(run!.outcome, 'succeeded', run!.note)
  t.same(run!.path, ['build', 'agents', 'pack', 'gz', 'list', 'upload', 'tidy'])
  t.same(
    run!.deliveries.map((sent) => 'seal' in sent && sent.seal),
    ['sent encrypted with the passphrase acme-zip (AES-256); here it is "rehearsal"', false, false],
  )
  t.match(run!.steps[2]!.note, /: 3 files, encrypted \(AES-256\)/, 'the report and two awaited files')
})

t.test('where a test says that none are there the wait is over at once', async (t) => {
  const given = { callCenter: 'dallas', steps: { agents: { files: [] } } }
  const [run] = await rehearse(parts, { ...request, snapshot: compiled('acme/eod'), given }, never)
  t.match(run, { outcome: 'skipped', path: ['build', 'agents'], deliveries: [] })
  const failing = { callCenter: 'dallas', steps: { agents: { fails: 'FILE_AWAITED' } } }
  const [failed] = await rehearse(
    parts,
    { ...request, snapshot: compiled('acme/eod'), given: failing },
    never,
  )
  t.equal(
    failed!.note,
    'FILE_AWAITED: a path of sftp did not come within 4h: given by the test',
    'no detail of the message is left open',
  )
})

t.test('a posted file is deleted in the rehearsal alone', async (t) => {
  const [run] = await rehearse(parts, { ...request, snapshot: compiled('acme/posted'), given: {} }, never)
  t.match(run, { outcome: 'succeeded', note: '/in/sample.csv deleted' })
  t.same([run!.moves, run!.deletions], [[], [{ step: 'tidy', connection: 'sftp', path: '/in/sample.csv' }]])
})

t.test('a plan says plainly what will be deleted for good', async (t) => {
  const told = (job: 'acme/eod' | 'acme/posted') =>
    deletionEffects(null, compiled(job)).map(({ kind, phrase }) => [
      kind,
      phrase.map((part) => (typeof part === 'string' ? part : Object.values(part)[0])).join(''),
    ])
  t.match(told('acme/eod')[0]!.join(' '), /^deletion-gained .*older than 90d.* will be DELETED for good/)
  t.match(told('acme/posted')[0]!.join(' '), /each posted file.* will be DELETED for good/)
  t.match(
    deletionEffects(compiled('acme/eod'), {
      ...compiled('acme/eod'),
      manifest: { ...compiled('acme/eod').manifest, steps: [] },
    }),
    [{ kind: 'deletion-lost' }],
  )
})

t.test('files that were waited for are moved and deleted in the rehearsal alone', async (t) => {
  const made = compileJob(load(await readCase(join(manifestsFolder, 'ok/files-in-place'))), 'acme/eod')
  if ('problem' in made) throw new Error(made.problem.message)
  const { snapshot } = made
  const given = { steps: { agents: { files: ['agents_1.csv', 'agents_2.csv'] } } }
  const [run] = await rehearse(parts, { ...request, snapshot, given }, never)
  t.match(run, { outcome: 'succeeded', note: '/in/agents_1.csv deleted; /in/agents_2.csv deleted' })
  t.match(run!.moves, [{ step: 'done', to: '/in/done/20260101/acme-rosters_sample.csv' }])
  t.equal(run!.moves.length, 1)
  t.match(run!.deletions, [
    { step: 'tidy', connection: 'sftp', path: '/in/agents_1.csv' },
    { step: 'tidy', path: '/in/agents_2.csv' },
  ])
  const deleted = deletionEffects(null, snapshot)
  t.match(deleted, [{ step: 'tidy', files: 'each file that agents finds at sftp:/in/agents_*.csv' }])
  t.match(
    targetsOf(snapshot).filter(({ step }) => step === 'done'),
    [{ connection: 'sftp', path: '/in/done/{slot:yyyyMMdd}', fileName: '{client}-{name}.{ext}' }],
  )
})

t.test('a job test gives the files that are waited for, and expects deletions and notices', async (t) => {
  const repository = load(await readCase(join(manifestsFolder, 'ok/test-of-files')))
  const { problem, tests } = await testJob(parts, repository, 'acme/eod', 'jobs.d/acme/eod.test.yaml', never)
  t.equal(problem, null)
  t.same(
    tests.map(({ differences, passed }) => [passed, differences]),
    [
      [true, []],
      [true, []],
      [true, []],
    ],
  )
})
