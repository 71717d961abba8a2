import t from 'tap'
import { retryDelay, spreadOf } from '../../../engine/core/retry.ts'

t.test('a wait that the other side asks for is kept, up to the longest that the step allows', async (t) => {
  const retry = { maxAttempts: 3, delay: '30s', maxDelay: '10m' }
  t.equal(retryDelay(retry, 1, 0), 30_000)
  t.equal(retryDelay(retry, 1, 1, 7_000), 24_000, 'a shorter one changes nothing')
  t.equal(retryDelay(retry, 1, 1, 90_000), 90_000, 'none of it is taken off')
  t.equal(retryDelay(retry, 2, 0, 86_400_000), 600_000)
  t.equal(retryDelay(retry, 3, 0, 90_000), undefined, 'it makes no attempt more')
})

t.test('runs of one moment come back at different ones', async (t) => {
  const ids = Array.from({ length: 16 }, (_, index) => `019ab3c4d5e${index.toString(16).repeat(12)}`)
  const waits = ids.map((id) => retryDelay({ maxAttempts: 2, delay: '30s' }, 1, spreadOf(id)) ?? 0)
  t.equal(new Set(waits).size, ids.length)
  t.ok(waits.every((wait) => wait >= 24_000 && wait <= 30_000))
})
