import t from 'tap'
import { formatDuration, parseDuration, parseSize } from '../../../engine/core/duration.ts'

t.test('a duration is milliseconds, by its unit', async (t) => {
  const texts = { '500ms': 500, '30s': 30_000, '15m': 900_000, '2h': 7_200_000, '1d': 86_400_000 }
  for (const [text, ms] of Object.entries(texts)) t.equal(parseDuration(text), ms, text)
})

t.test('a size is bytes, by its unit', async (t) => {
  const texts = { '64KiB': 65_536, '10MiB': 10_485_760, '1GiB': 1_073_741_824 }
  for (const [text, bytes] of Object.entries(texts)) t.equal(parseSize(text), bytes, text)
})

t.test('any other text is refused', async (t) => {
  for (const text of ['', '15', 'm', '1.5h', '-1s', '1 h', '1H', '10MiB', '1constructor'])
    t.throws(() => parseDuration(text), RangeError, JSON.stringify(text))
  for (const text of ['10', '10MB', '10mib', '1d']) t.throws(() => parseSize(text), RangeError, text)
})

t.test('people read at most two units, cut off', async (t) => {
  const texts = {
    0: '0ms',
    350: '350ms',
    1234: '1.2s',
    59999: '59.9s',
    900000: '15m',
    90000: '1m 30s',
    5400000: '1h 30m',
    3605000: '1h',
    172800000: '2d',
  }
  for (const [ms, text] of Object.entries(texts)) t.equal(formatDuration(Number(ms)), text)
  t.equal(formatDuration(-90_000), '-1m 30s')
})
