import t from 'tap'
import type { StepOf } from '../../../engine/core/model.ts'
import { stepConnections } from '../../../engine/core/step-connections.ts'
import { deleteFileStep } from '../../../engine/steps/delete-file.ts'
import { moveFileStep } from '../../../engine/steps/move-file.ts'
import { waitForFileStep } from '../../../engine/steps/wait-for-file.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryFiles } from '../../fakes/endpoints.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'
import { createStepContext } from '../../fakes/step-context.ts'

const folder = t.testdir()
const found = '/in/agents.csv'
const wait: StepOf<'wait-for-file'> = createStep({
  name: 'agents',
  type: 'wait-for-file',
  connection: 'share',
  path: '/in',
  match: '*.csv',
  complete: 'renamed',
  timeout: '1h',
  onMissing: 'fail',
})
const tidy: StepOf<'delete-file'> = createStep({ name: 'tidy', type: 'delete-file', from: 'agents' })
const done: StepOf<'move-file'> = createStep({
  name: 'done',
  type: 'move-file',
  from: 'agents',
  path: '/in/done',
})

/** A run whose step has found `one` at /in/agents.csv, written at second 1. */
async function setUp(run = {}) {
  const remote = createMemoryFiles()
  const artifacts = createTestArtifacts(folder)
  const endpoints = createMemoryEndpoints({ files: { share: remote } })
  remote.drop(found, 'one\n', 1000)
  const before = createStepContext('agents', folder, { artifacts, endpoints })
  const { files = [] } = await waitForFileStep.run(wait, before)
  const offered = files.map((file) => ({ ...file, step: 'agents' }))
  const context = createStepContext('tidy', folder, { run, files: offered, artifacts, endpoints })
  return { remote, context }
}

t.test('files that a step found are deleted where they lie, and a repeat is content', async (t) => {
  const { remote, context } = await setUp()
  t.same(await deleteFileStep.run(tidy, context), { ok: true, note: '/in/agents.csv deleted' })
  t.equal(remote.files.size, 0)
  t.same(await deleteFileStep.run(tidy, context), { ok: true, note: '/in/agents.csv was deleted before' })
})

t.test('files that a step found are moved, and a repeat is content', async (t) => {
  const { remote, context } = await setUp()
  t.match(await moveFileStep.run(done, context), { note: '/in/agents.csv moved to /in/done/agents.csv' })
  t.same([...remote.files.keys()], ['/in/done/agents.csv'])
  t.match(await moveFileStep.run(done, context), { note: /was moved to .* before/ })
})

t.test('a file that was written anew since it was found stays, be it of the same size', async (t) => {
  for (const run of [{}, { origin: { kind: 'rerun' as const, runId: 'x', steps: [], targets: null } }]) {
    const { remote, context } = await setUp(run)
    remote.drop(found, 'two\n', 2000)
    t.match(await deleteFileStep.run(tidy, context), { note: /stays: another file/ })
    await t.rejects(moveFileStep.run(done, context), { code: 'FILE_MISSING' })
    remote.drop(found, 'longer\n', 1000)
    t.match(await deleteFileStep.run(tidy, context), { note: /stays: another file/ })
    t.same([...remote.files.keys()], [found])
  }
})

t.test('one that takes the name while it is deleted or moved gets it back', async (t) => {
  for (const work of [
    (context: Parameters<typeof deleteFileStep.run>[1]) => deleteFileStep.run(tidy, context),
    (context: Parameters<typeof moveFileStep.run>[1]) => moveFileStep.run(done, context).catch(() => ''),
  ]) {
    const { remote, context } = await setUp()
    remote.before = (call) => {
      if (call === `move ${found}`) remote.drop(found, 'two\n', 2000)
    }
    await work(context)
    t.same([...remote.files.keys()], [found])
    t.equal(String(remote.files.get(found)?.bytes), 'two\n')
  }
})

t.test('such a step waits for the connection of the files that it names, and for no other', async (t) => {
  const { context } = await setUp()
  const snapshot = createSnapshot()
  snapshot.manifest.steps = [wait, tidy]
  snapshot.manifest.trigger = { type: 'ftp-in', folders: [{ connection: 'acme-sftp', path: '/drop' }] }
  const posted = {
    ...context.files[0]!,
    step: 'trigger',
    origin: { connection: 'acme-sftp', path: '/drop/a' },
  }
  t.same(stepConnections(snapshot, tidy), ['share'])
  t.same(stepConnections(snapshot, tidy, [posted, ...context.files]), ['share'])
  t.same(stepConnections(snapshot, { ...tidy, from: 'trigger' }), ['acme-sftp'])
  t.same(stepConnections(snapshot, { ...tidy, from: 'trigger' }, [posted, ...context.files]), ['acme-sftp'])
})
