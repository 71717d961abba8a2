import t from 'tap'
import { createPace, limitCalls } from '../../../engine/adapters/pace.ts'
import { createManualClock } from '../../fakes/clock.ts'

const never = new AbortController().signal
/** All that can go on without time passing has gone on. */
const settled = () => new Promise(setImmediate)

/** Asks for that many turns at once; `given` are the numbers of those whose turn came, in order. */
function askFor(count: number, turn: (signal: AbortSignal) => Promise<void>): number[] {
  const given: number[] = []
  for (let number = 1; number <= count; number += 1) void turn(never).then(() => given.push(number))
  return given
}

t.test('turns within any minute are as many as allowed, first come, first served', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  const turn = createPace(3, clock, never)
  const given = askFor(8, turn)
  await settled()
  t.same(given, [1, 2, 3])
  await clock.advance(59_999)
  t.same(given, [1, 2, 3])
  await clock.advance(1)
  await settled()
  t.same(given, [1, 2, 3, 4, 5, 6])
  await clock.advance(60_000)
  await settled()
  t.same(given, [1, 2, 3, 4, 5, 6, 7, 8])
})

t.test('a clock that is set neither lends a turn nor takes one', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  const given = askFor(2, createPace(1, clock, never))
  await settled()
  clock.jump(365 * 86_400_000)
  await clock.advance(59_999)
  t.same(given, [1])
  clock.jump(-2 * 365 * 86_400_000)
  await clock.advance(1)
  await settled()
  t.same(given, [1, 2])
})

t.test('who gives up while waiting takes no turn', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  const turn = createPace(1, clock, never)
  await turn(never)
  const waiting = new AbortController()
  const refused = turn(waiting.signal)
  const given = askFor(1, turn)
  waiting.abort(new Error('cancelled'))
  await t.rejects(refused, { message: 'cancelled' })
  await clock.advance(60_000)
  await settled()
  t.same(given, [1])
})

t.test('no more calls than allowed are under way, whatever becomes of each', async (t) => {
  const ends: ((fails: boolean) => void)[] = []
  const target = {
    put: (_name: string, _signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        ends.push((fails) => (fails ? reject(new Error('refused')) : resolve('done')))
      }),
    head: async (_signal: AbortSignal) => 'there',
  }
  const limited = limitCalls(target, ['put'], { atOnce: 2 })
  const outcomes = ['a', 'b', 'c', 'd'].map((name) =>
    limited.put(name, never).catch((error: Error) => error.message),
  )
  await settled()
  t.equal(ends.length, 2)
  t.equal(await limited.head(never), 'there', 'other calls do not wait')
  ends[0]?.(true)
  t.equal(await outcomes[0], 'refused')
  await settled()
  t.equal(ends.length, 3)
  ends[1]?.(false)
  await outcomes[1]
  await settled()
  t.equal(ends.length, 4)
  ends[2]?.(false)
  ends[3]?.(false)
  t.same(await Promise.all(outcomes), ['refused', 'done', 'done', 'done'])
})

t.test('a call waits for its turn with its place in hand, and is not made when it gives up', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  let calls = 0
  const target = { send: async (_signal: AbortSignal) => (calls += 1) }
  const limited = limitCalls(target, ['send'], { atOnce: 5, turn: createPace(1, clock, never) })
  await limited.send(never)
  const waiting = new AbortController()
  const refused = limited.send(waiting.signal)
  waiting.abort(new Error('timed out'))
  await t.rejects(refused, { message: 'timed out' })
  t.equal(calls, 1)
})
