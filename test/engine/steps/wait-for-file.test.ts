import t from 'tap'
import type { StepOf } from '../../../engine/core/model.ts'
import { waitForFileStep } from '../../../engine/steps/wait-for-file.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryEndpoints, createMemoryFiles, sha256Of } from '../../fakes/endpoints.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext } from '../../fakes/step-context.ts'

const folder = t.testdir()
const start = '2026-11-23T00:31:00.000Z'
const step: StepOf<'wait-for-file'> = createStep({
  name: 'await',
  type: 'wait-for-file',
  connection: 'share',
  path: '/in',
  match: 'agents_{slot:yyyyMMdd}*.csv',
  complete: 'renamed',
  timeout: '1h',
  onMissing: 'fail',
})

function setUp(run = {}) {
  const remote = createMemoryFiles()
  const clock = createManualClock(start)
  const endpoints = createMemoryEndpoints({ files: { share: remote } })
  const given = { run, artifacts: createTestArtifacts(folder), endpoints, clock, startedAt: start }
  return { remote, clock, context: createStepContext('await', folder, given) }
}

t.test('offers the files of the day with their sha256 once they are there', async (t) => {
  const { remote, context } = setUp()
  remote.drop('/in/agents_20261121.csv', 'yesterday')
  t.match(await waitForFileStep.run(step, context), { again: { afterMs: 60_000 }, ok: false })
  remote.drop('/in/agents_20261122-1.csv', 'one')
  remote.drop('/in/agents_20261122-2.csv.part', 'half')
  const { files, note } = await waitForFileStep.run(step, context)
  t.match(files, [{ fileName: 'agents_20261122-1.csv', sha256: sha256Of(Buffer.from('one')), rows: null }])
  t.equal(files!.length, 1)
  t.equal(note, 'agents_20261122-1.csv came to share, 3 bytes')
})

t.test('it tells since when it waits, for what and until when, the same at each look', async (t) => {
  const { clock, context } = setUp()
  const notes: string[] = []
  for (const timeout of ['1h', '1h', '6h', '3d']) {
    notes.push((await waitForFileStep.run({ ...step, timeout }, context)).note)
    await clock.advance(60_000)
  }
  const place = 'waits for share:/in/agents_20261122*.csv since 2026-11-22 18:31 until'
  const why = 'at the latest (America/Chicago): 0 of 1 file there'
  t.same(notes, [
    `${place} 19:31 ${why}`,
    `${place} 19:31 ${why}`,
    `${place} 2026-11-23 00:31 ${why}`,
    `${place} 2026-11-23 18:30 ${why}`,
  ])
})

t.test('its deadline counts from the first start, also where it began anew meanwhile', async (t) => {
  const { clock, context } = setUp()
  await clock.advance(59 * 60_000 + 30_000)
  t.match(
    await waitForFileStep.run(step, context),
    { again: { afterMs: 30_000 } },
    'no look after the deadline',
  )
  await clock.advance(30_000)
  await t.rejects(waitForFileStep.run(step, context), {
    code: 'FILE_AWAITED',
    message: 'share:/in/agents_20261122*.csv did not come within 1h: 0 of 1 file there',
  })
  t.match(await waitForFileStep.run({ ...step, onMissing: 'skip' }, context), { ok: true, skip: true })
})

t.test('waits for as many as it needs, and refuses more than it may take', async (t) => {
  const { remote, context } = setUp()
  remote.drop('/in/agents_20261122-1.csv', 'one')
  t.match(await waitForFileStep.run({ ...step, minCount: 2 }, context), {
    again: {},
    note: /1 of 2 files there/,
  })
  remote.drop('/in/agents_20261122-2.csv', 'two')
  t.equal((await waitForFileStep.run({ ...step, minCount: 2 }, context)).files!.length, 2)
  await t.rejects(waitForFileStep.run({ ...step, maxFiles: 1 }, context), { code: 'TOO_MANY_FILES' })
})

t.test('a file that still grows is left until it stays the same', async (t) => {
  const { remote, clock, context } = setUp()
  const { complete: _complete, ...stable } = step
  const name = '/in/agents_20261122.csv'
  remote.drop(name, 'o', 1)
  const growing = waitForFileStep.run(stable, context)
  await clock.asleep()
  remote.drop(name, 'one', 2)
  await clock.advance(15_000)
  t.match(await growing, { again: {}, note: /is not complete/ })
  const settled = waitForFileStep.run(stable, context)
  await clock.asleep()
  await clock.live(15_000)
  await clock.advance(15_000)
  t.match(await settled, { ok: true, files: [{ size: 3 }] })
})

t.test('a companion’s checksum must fit the bytes', async (t) => {
  const { remote, context } = setUp()
  const { complete: _complete, ...rest } = step
  const vouched = { ...rest, companion: { suffix: '.sha256' } }
  const name = '/in/agents_20261122.csv'
  remote.drop(name, 'one')
  t.match(await waitForFileStep.run(vouched, context), { again: {} })
  remote.drop(`${name}.sha256`, sha256Of(Buffer.from('other')))
  t.match(await waitForFileStep.run(vouched, context), { again: {} })
  remote.drop(`${name}.sha256`, sha256Of(Buffer.from('one')))
  t.match(await waitForFileStep.run(vouched, context), {
    ok: true,
    files: [{ fileName: 'agents_20261122.csv' }],
  })
})

t.test('a file that is written to while it is read is waited for again', async (t) => {
  const { remote, context } = setUp()
  const name = '/in/agents_20261122.csv'
  remote.drop(name, 'one', 1)
  remote.before = (call) => {
    if (call === `fetch ${name}`) remote.drop(name, 'more', 2)
  }
  t.match(await waitForFileStep.run(step, context), { again: {}, ok: false })
})

t.test('a dry run looks once and does not wait', async (t) => {
  const { context } = setUp({ dryRun: true })
  t.match(await waitForFileStep.run(step, context), { skip: true, note: /would be waited for/ })
})
