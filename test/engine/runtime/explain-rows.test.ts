import t from 'tap'
import { tellRows } from '../../../engine/runtime/explain-rows.ts'
import { explainSlot } from '../../../engine/runtime/explain-slot.ts'
import { createRun } from '../../fakes/snapshot.ts'

const row = (id: string, state: 'succeeded' | 'failed', parent = 'p') =>
  createRun({ id, state, row: { parent, key: id } })

t.test('what came of the rows of a run is told in numbers, those that failed by their runs', async (t) => {
  const asked = createRun({ id: 'p', state: 'succeeded' })
  const rows = [row('a', 'succeeded'), row('b', 'failed'), row('c', 'succeeded'), row('x', 'failed', 'other')]
  const again = {
    ...row('d', 'succeeded'),
    origin: { kind: 'rerun' as const, runId: 'b', steps: [], targets: null },
  }
  t.equal(tellRows(asked, [asked, ...rows, again]), ', and of its 3 rows 2 succeeded, 1 failed (run b)')
  t.equal(tellRows(asked, [asked]), '')
  const many = Array.from({ length: 5 }, (_, index) => row(`f${index}`, 'failed'))
  t.equal(tellRows(asked, many), ', and of its 5 rows 5 failed (run f0, f1, f2 and 2 more)')
})

t.test('a slot is told with its rows, none of which was run by hand', async (t) => {
  const at = '2026-11-23T00:30:00.000Z'
  const detail = (run: ReturnType<typeof createRun>) => ({ ...run, callCenter: null, steps: [], files: [] })
  const asked = detail(createRun({ id: 'p', state: 'succeeded', endedAt: at }))
  const known = { record: { job: asked.job }, versions: [], nowMs: Date.parse(at) }
  const slot = {
    job: asked.job,
    schedule: 'daily',
    at,
    callCenter: null,
    outcome: 'ran',
    note: '',
    runId: 'p',
  }
  const runs = [asked, detail(row('a', 'succeeded')), detail(row('b', 'failed'))]
  const facts = { slots: [slot], runs, since: {}, atMs: Date.parse(at), asked: at }
  const { sentence } = explainSlot(known as never, facts as never)
  t.match(sentence, /run p succeeded at .*, and of its 2 rows 1 succeeded, 1 failed \(run b\)$/)
  t.notMatch(sentence, 'by hand')
})
