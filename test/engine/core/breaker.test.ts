import t from 'tap'
import { createBreaker } from '../../../engine/core/breaker.ts'

const down = { code: 'ENDPOINT_UNREACHABLE', message: 'cannot reach it' }

/** A breaker that has just opened at 0. */
function createOpen() {
  const breaker = createBreaker()
  for (let count = 0; count < 5; count += 1) breaker.settle('sftp', `run-${count}`, 0, down)
  return breaker
}

t.test('five failures in a row open it, one success between them does not', async (t) => {
  const breaker = createBreaker()
  for (let count = 0; count < 4; count += 1) breaker.settle('sftp', 'a', 0, down)
  breaker.settle('sftp', 'a', 0, 'fine')
  for (let count = 0; count < 4; count += 1) breaker.settle('sftp', 'a', 0, down)
  t.equal(breaker.ask('sftp', 'a', 0, 1_000), undefined)
  breaker.settle('sftp', 'a', 0, 'unclear')
  breaker.settle('sftp', 'a', 0, down)
  t.same(breaker.ask('sftp', 'a', 0, 1_000), { forMs: 30_000, failures: 5, last: down })
  t.notOk(breaker.isClosed('sftp'))
  t.ok(breaker.isClosed('another document'), 'another one is another connection')
})

t.test('after its time one is let through, and the others wait for how that goes', async (t) => {
  const breaker = createOpen()
  t.match(breaker.ask('sftp', 'a', 29_999, 1_000), { forMs: 1 })
  t.equal(breaker.ask('sftp', 'a', 30_000, 1_000), undefined)
  t.match(breaker.ask('sftp', 'b', 30_000, 1_000), { forMs: 30_000 })
  t.equal(breaker.settle('sftp', 'a', 30_500, 'fine'), true)
  t.equal(breaker.ask('sftp', 'b', 30_500, 1_000), undefined)
})

t.test('each failed try doubles its time, to a quarter of an hour at most', async (t) => {
  const breaker = createOpen()
  let nowMs = 30_000
  const waits: number[] = []
  for (let count = 0; count < 7; count += 1) {
    breaker.ask('sftp', 'a', nowMs, 1_000)
    breaker.settle('sftp', 'a', nowMs, down)
    const forMs = breaker.ask('sftp', 'a', nowMs, 1_000)?.forMs ?? 0
    waits.push(forMs / 1_000)
    nowMs += forMs
  }
  t.same(waits, [60, 120, 240, 480, 900, 900, 900])
})

t.test('a try that nobody hears of again is followed by another one', async (t) => {
  const breaker = createOpen()
  breaker.ask('sftp', 'a', 30_000, 1_000)
  t.match(breaker.ask('sftp', 'b', 30_999, 1_000), { forMs: 30_000 })
  t.equal(breaker.ask('sftp', 'b', 31_000, 1_000), undefined)
  breaker.settle('sftp', 'b', 31_500, 'unclear')
  t.equal(breaker.ask('sftp', 'c', 31_500, 1_000), undefined, 'nor does one that proved nothing hold it up')
})

t.test('failures of those that had begun before it opened make it no longer', async (t) => {
  const breaker = createOpen()
  for (let count = 0; count < 20; count += 1) breaker.settle('sftp', `late-${count}`, 1_000, down)
  t.equal(breaker.ask('sftp', 'a', 30_000, 1_000), undefined)
})

t.test('a clock that is set back keeps it open for its time at most', async (t) => {
  const breaker = createOpen()
  t.match(breaker.ask('sftp', 'a', -86_400_000, 1_000), { forMs: 30_000 })
  t.equal(breaker.ask('sftp', 'a', -86_370_000, 1_000), undefined)
})
