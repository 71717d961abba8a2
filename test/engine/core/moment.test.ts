import t from 'tap'
import { readMoment } from '../../../engine/core/moment.ts'

function read(text: string): string | undefined {
  const ms = readMoment(text, 'America/Chicago')
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

t.test("a moment without an offset is on the zone's wall clock", async (t) => {
  t.equal(read('2026-11-20T18:30'), '2026-11-21T00:30:00.000Z')
  t.equal(read('2026-07-20T18:30:15'), '2026-07-20T23:30:15.000Z')
  t.equal(read('2026-03-08T02:30'), '2026-03-08T08:00:00.000Z', 'a time that the clock skips is right after')
  t.equal(read('2026-11-01T01:30'), '2026-11-01T06:30:00.000Z', 'one that comes twice is the first')
})

t.test('an offset or Z is taken as it is', async (t) => {
  t.equal(read('2026-11-20T18:30Z'), '2026-11-20T18:30:00.000Z')
  t.equal(read('2026-11-20T18:30-06:00'), '2026-11-21T00:30:00.000Z')
  t.equal(read('2026-11-20T18:30:00+05:30'), '2026-11-20T13:00:00.000Z')
})

t.test('what is no moment is refused rather than guessed', async (t) => {
  for (const text of ['2026-02-30T10:00', '2026-13-01T10:00', '2026-11-20', '2026-11-20T24:61', 'now', ''])
    t.equal(read(text), undefined, text)
})
