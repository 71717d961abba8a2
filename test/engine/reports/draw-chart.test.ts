import '../../fakes/clean-children.ts'
import t from 'tap'
import type { Chart } from '../../../engine/core/report-overview.ts'
import { drawChart } from '../../../engine/reports/draw-chart.ts'

const chart: Chart = {
  title: 'Calls by hour',
  kind: 'bar',
  labels: ['08:00', '09:00', '10:00'],
  series: [
    { title: 'Offered', isPercent: false, values: [12, 40, null] },
    { title: 'Handled', isPercent: false, values: [10, 38, 2] },
  ],
  alt: 'Calls by hour.',
  locale: 'en',
}

async function pictureOf(figures: Chart): Promise<Buffer> {
  const drawn = await drawChart(figures)
  if ('fault' in drawn) throw new Error(drawn.fault)
  return drawn.png
}

t.test('the same figures give the same picture, to the byte; others give another', async (t) => {
  const first = await pictureOf(chart)
  t.equal(first.toString('latin1', 1, 4), 'PNG')
  t.same([first.readUInt32BE(16), first.readUInt32BE(20)], [1120, 460], 'twice as many pixels as it is wide')
  t.ok(first.equals(await pictureOf(structuredClone(chart))))
  t.notOk(first.equals(await pictureOf({ ...chart, kind: 'line' })))
  t.ok(first.length < 100_000, `${first.length} bytes`)
})

t.test('labels of any length and script are drawn, and never make a picture larger than it is', async (t) => {
  const evil = [
    'x'.repeat(1_000_000),
    '\u202Egpj.exe\u0000\u0007',
    '<script>alert(1)</script>',
    'שלום',
    '👩‍👩‍👧',
  ]
  const labels = Array.from({ length: 60 }, (_, at) => evil[at % evil.length]!)
  const values = labels.map((_, at) => (at % 7 === 0 ? null : 10 ** (at % 15)))
  const series = [{ title: evil[0]!, isPercent: true, values }]
  const picture = await pictureOf({ ...chart, labels, series })
  t.same([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1120, 460])
})

t.test('what takes too long, or breaks, is a fault and no error; giving up is the signal’s', async (t) => {
  t.match(await drawChart(chart, { timeoutMs: 1 }), { fault: /did not end within 1 ms/ })
  t.match(await drawChart({ ...chart, labels: null } as unknown as Chart), { fault: /its process ended by/ })
  await t.rejects(drawChart(chart, { signal: AbortSignal.abort(new Error('drained')) }), {
    message: 'drained',
  })
})
