import t from 'tap'
import { followRuns } from '../../../engine/cli/follow-run.ts'
import { describeRun, describeRuns } from '../../../engine/cli/run-words.ts'
import type { RunDetail } from '../../../engine/core/model.ts'
import { toRunJson } from '../../../engine/core/run-json.ts'
import { createRun } from '../../fakes/snapshot.ts'

const at = '2026-11-23T00:30:01.000Z'

function createDetail(
  changes: Partial<RunDetail>,
  step?: [name: string, type: 'fan-out' | 'report'],
): RunDetail {
  const record = step && {
    ...{
      runId: changes.id ?? '',
      seq: 1,
      name: step[0],
      type: step[1],
      outcome: 'succeeded' as const,
      attempts: 1,
    },
    ...{ note: 'done', error: null, next: 'end', startedAt: at, endedAt: at, deliveries: [] },
  }
  return {
    ...createRun({ callCenter: null, ...changes }),
    steps: record ? [record] : [],
    files: [],
    ...changes,
  }
}

t.test('a run is followed to its end, and then the run of each of its rows', async (t) => {
  const lines: string[] = []
  let looks = 0
  const north = { parent: 'parent', key: 'north' }
  const parts = { warn: (line: string) => lines.push(line), sleep: async () => undefined } as never
  const engine = {
    async runDetail(id: string) {
      if (id === 'parent')
        return createDetail({ id, state: 'succeeded', rowRuns: ['north', 'south'] }, ['fanOut', 'fan-out'])
      if (id === 'south')
        return createDetail({ id, state: 'failed', row: { ...north, key: 'so\u001b[2Juth' } })
      looks += 1
      return createDetail(
        { id, state: looks < 3 ? 'running' : 'succeeded', callCenter: 'dallas', row: north },
        ['build', 'report'],
      )
    },
  } as never
  const runs = await followRuns(engine, 'parent', parts)
  t.same(
    runs.map(({ id, state }) => [id, state]),
    [
      ['parent', 'succeeded'],
      ['north', 'succeeded'],
      ['south', 'failed'],
    ],
  )
  t.equal(looks, 3)
  t.same(lines, [
    'acme/eod-call-detail  1  fanOut (fan-out) succeeded: done',
    'acme/eod-call-detail  succeeded  run parent',
    'acme/eod-call-detail dallas north  1  build (report) succeeded: done',
    'acme/eod-call-detail dallas north  succeeded  run north',
    'acme/eod-call-detail so [2Juth  failed  run south',
  ])
})

t.test('what a step waits for is told once, until it is something else', async (t) => {
  const lines: string[] = []
  const notes = ['', 'waits for a', 'waits for a', 'waits for b', 'came']
  const engine = {
    async runDetail(id: string) {
      const note = notes.shift()!
      const isOver = notes.length === 0
      const run = createDetail({ id, state: isOver ? 'succeeded' : 'running' }, ['agents', 'report'])
      run.steps[0] = { ...run.steps[0]!, note, outcome: isOver ? 'succeeded' : 'running' }
      return run
    },
  } as never
  const parts = { warn: (line: string) => lines.push(line), sleep: async () => undefined } as never
  await followRuns(engine, 'waiting', parts)
  t.same(
    lines.map((line) => line.replace('acme/eod-call-detail  ', '')),
    [
      'agents waits for a',
      'agents waits for b',
      '1  agents (report) succeeded: came',
      'succeeded  run waiting',
    ],
  )
})

t.test('a run tells its row, and the runs that its rows came to', async (t) => {
  const rowRuns = Array.from({ length: 12 }, (_, index) => `run${index}`)
  const parent = createDetail({ id: 'p', state: 'succeeded', rowRuns }, ['fanOut', 'fan-out'])
  const child = createDetail({
    id: 'c',
    state: 'succeeded',
    callCenter: 'dallas',
    row: { parent: 'p', key: 'north' },
  })
  const none = { of: null, by: [] }
  t.match(describeRun(parent, none), /rows +12 runs: run0 .* run9 and 2 more\n/)
  t.match(describeRun(child, none), /row +north, of run p\n/)
  t.match(describeRuns([child]), / dallas #north /)
  t.match(toRunJson(parent), { row: null, rowRuns })
  t.match(toRunJson(child), { row: { key: 'north', parent: 'p' }, rowRuns: [] })
})
