import t from 'tap'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import { createDispatch } from '../../../engine/runtime/dispatch.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'

/** A dispatch on a ledger of which the test says what is unfinished, and what a claim comes to. */
function createStage(claimRun: (id: string) => Promise<undefined>, onConflict?: 'replace') {
  const clock = createManualClock('2026-01-01T00:00:00Z')
  const unfinished = new Set<string>()
  const notices: string[] = []
  const group = onConflict ? { name: 'acme/one', limit: 1 } : null
  const describe = (id: string) => {
    const at = '2026-01-01T00:00:00.000Z'
    const rest = { snapshot: 'd', position: 'a', startedAt: null, hasBegun: false }
    return { id, client: 'acme', dueAt: at, createdAt: at, group, ...rest }
  }
  const ledger = {
    waitingRuns: async (ids = [...unfinished]) => ids.filter((id) => unfinished.has(id)).map(describe),
    claimRun,
    raiseNotice: async (id: string) => {
      notices.push(id)
    },
  }
  const manifest = { steps: [{ name: 'a', type: 'report' }], concurrency: onConflict && { onConflict } }
  const dispatch = createDispatch({
    ...{ ledger, clock, queue: createLocalQueue(clock), log: createMemoryLog() },
    ...{ stopping: new AbortController().signal, snapshot: async () => ({ manifest, policy: {} }) },
    ...{ steps: [], endpoints: {}, artifacts: {}, onAlert: () => undefined },
  } as never)
  dispatch.start(null)
  return { clock, unfinished, notices, dispatch }
}

async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve))
}

t.test('a run that another one replaced while it was worked on is not told as stuck', async (t) => {
  const ends: (() => void)[] = []
  const work = () => new Promise<undefined>((resolve) => ends.push(() => resolve(undefined)))
  const { clock, unfinished, notices, dispatch } = createStage(work, 'replace')
  unfinished.add('old')
  dispatch.enqueue(['old'])
  await settle()
  t.equal(ends.length, 1)
  unfinished.delete('old')
  unfinished.add('new')
  dispatch.enqueue(['new'])
  await settle()
  t.equal(ends.length, 2, 'the new one is worked on')
  for (const end of ends) end()
  await clock.advance(10 * 60_000)
  t.same(notices, [])
})

t.test('what waits for its moment keeps waiting when all unfinished runs are queued again', async (t) => {
  let claims = 0
  const { clock, unfinished, dispatch } = createStage(async () => {
    claims += 1
    throw new Error('the disk is full')
  })
  unfinished.add('run')
  dispatch.enqueue(['run'])
  await settle()
  t.equal(claims, 1)
  for (let round = 0; round < 3; round++) {
    await dispatch.enqueueAll()
    await settle()
  }
  t.equal(claims, 1, 'its second is not over')
  await clock.advance(1_000)
  await settle()
  t.equal(claims, 2)
})
