import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { deletionEffects } from '../../../engine/core/changes/deletion-effects.ts'
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
  t.equal(run!.deliveries.length, 3)
  t.match(run!.steps[2]!.note, /: 3 files, encrypted \(AES-256\)/, 'the report and two awaited files')
})

t.test('where a test says that none are there the wait is over at once', async (t) => {
  const given = { callCenter: 'dallas', steps: { agents: { files: [] } } }
  const [run] = await rehearse(parts, { ...request, snapshot: compiled('acme/eod'), given }, never)
  t.match(run, { outcome: 'skipped', path: ['build', 'agents'], deliveries: [] })
})

t.test('a posted file is deleted in the rehearsal alone', async (t) => {
  const [run] = await rehearse(parts, { ...request, snapshot: compiled('acme/posted'), given: {} }, never)
  t.match(run, { outcome: 'succeeded', note: '/in/sample.csv deleted' })
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
