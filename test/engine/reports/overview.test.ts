import t from 'tap'
import type { Column, ReportMail } from '../../../engine/core/manifest.ts'
import { cutLabel } from '../../../engine/reports/chart-text.ts'
import { buildOverview, type OverviewSource } from '../../../engine/reports/overview.ts'

const columns: Column[] = [
  { name: 'service', title: 'Service', type: 'text' },
  { name: 'calls', title: 'Calls', type: 'integer' },
  { name: 'share', title: 'Share %', type: 'percent' },
  { name: 'talk_s', title: 'Talk s', type: 'integer' },
  { name: 'at', title: 'At', type: 'timestamp' },
]
const mail: ReportMail = {
  summary: [
    { label: 'Rows' },
    { label: 'Calls', column: 'calls' },
    { label: 'Share', column: 'share' },
    { label: 'Talk', column: 'talk_s', as: 'duration' },
  ],
  columns: ['service', 'calls'],
  chart: {
    title: 'Calls by hour',
    kind: 'bar',
    columns: [
      { name: 'at', title: 'Hour', type: 'timestamp' },
      { name: 'calls', title: 'Calls', type: 'integer' },
    ],
  },
}
const micros = (instant: string) => ({ micros: BigInt(Date.parse(instant)) * 1000n })

function build(source: Partial<OverviewSource> = {}) {
  return buildOverview({
    report: { title: 'Calls', columns, mail },
    rows: [['Sales', 7n, 12.5, 60n, micros('2026-11-19T14:00:00Z')]],
    rowCount: 1,
    totals: [null, 1234n, 82.5, 34n * 3600n + 17n * 60n + 36n, null],
    previous: { label: '18 Nov', counted: { rowCount: 4, totals: [null, 1100n, 84.6, 60n, null] } },
    chartRows: [
      [micros('2026-11-19T14:00:00Z'), 12n],
      [micros('2026-11-19T15:00:00Z'), 40n],
    ],
    locale: 'en',
    timezone: 'America/Chicago',
    ...source,
  })
}

t.test('figures say their change in a word, a share or points, and what it was before', async (t) => {
  t.same(build().figures, [
    { label: 'Rows', value: '1', change: { arrow: '▼', word: 'down', amount: '75%', before: '4' } },
    { label: 'Calls', value: '1,234', change: { arrow: '▲', word: 'up', amount: '12%', before: '1,100' } },
    {
      label: 'Share',
      value: '82.50%',
      change: { arrow: '▼', word: 'down', amount: '2.1 points', before: '84.60%' },
    },
    {
      label: 'Talk',
      value: '34:17:36',
      change: { arrow: '▲', word: 'up', amount: '205,660%', before: '0:01:00' },
    },
  ])
  const same = build({
    previous: { label: 'x', counted: { rowCount: 1, totals: [null, 0n, null, null, null] } },
  })
  t.match(same.figures[0]?.change, { arrow: '=', word: 'unchanged', amount: '' })
  t.match(
    same.figures[1]?.change,
    { arrow: '▲', word: 'up', amount: '', before: '0' },
    'from nothing there is no share',
  )
  t.equal(same.figures[2]?.change, null)
})

t.test(
  'a period before that could not be counted, or that is not there, leaves only the change out',
  async (t) => {
    const uncounted = build({ previous: { label: '18 Nov', counted: null } })
    t.equal(uncounted.previous, '18 Nov')
    t.same(
      uncounted.figures.map(({ value, change }) => [value, change]),
      [
        ['1', null],
        ['1,234', null],
        ['82.50%', null],
        ['34:17:36', null],
      ],
    )
    t.equal(build({ previous: null }).previous, null)
  },
)

t.test('numbers and moments are written as people of the locale do', async (t) => {
  const german = build({ locale: 'de' })
  t.equal(german.figures[1]?.value, '1.234')
  t.equal(german.figures[2]?.value.replace(/\s/g, ' '), '82,50 %')
  t.same(german.totals, ['', '1.234'])
  t.equal(
    build({ report: { title: 'Calls', columns, mail: { columns: ['at'] } } }).rows[0]?.[0],
    'Nov 19, 08:00 AM',
  )
})

t.test('the first ten rows are shown, of a few columns, and the rest is counted', async (t) => {
  const rows = Array.from({ length: 12 }, (_, at) => [`S${at}`, 1n, null, null, null])
  const shown = build({ rows, rowCount: 4322 })
  t.equal(shown.rows.length, 10)
  t.same(shown.rows[9], ['S9', '1'])
  t.same([shown.moreRows, shown.moreColumns], [4312, 3])
  const plain = build({ report: { title: 'Calls', columns } })
  t.same(
    plain.columns.map(({ title }) => title),
    ['Service', 'Calls', 'Share %', 'Talk s'],
    'the first four',
  )
  t.same([plain.figures, plain.chart], [[], null])
})

t.test('a chart says its figures in words, of many points the highest and the lowest', async (t) => {
  t.equal(build().chart?.alt, 'Calls by hour. Calls: 08:00 AM 12, 09:00 AM 40.')
  const points = Array.from({ length: 70 }, (_, at) => [
    micros(`2026-11-${10 + (at % 3)}T10:00:00Z`),
    BigInt(at),
  ])
  const { chart } = build({ chartRows: points })
  t.equal(chart?.labels.length, 60)
  t.equal(chart?.alt, 'Calls by hour. Calls: highest 59 (Nov 12, 04:00 AM), lowest 0 (Nov 10, 04:00 AM).')
  t.equal(build({ chartRows: [] }).chart, null)
})

t.test('hostile texts become one short line of visible characters', async (t) => {
  const evil = `\u202Eevil\u0000\r\n<b>${'x'.repeat(1_000_000)}`
  const { rows, chart } = build({
    rows: [[evil, 1n, null, null, null]],
    report: {
      title: 'Calls',
      columns,
      mail: { ...mail, chart: { ...mail.chart!, columns: [columns[0]!, columns[1]!] } },
    },
    chartRows: [[evil, 1n]],
  })
  t.match(rows[0]?.[0], /^evil <b>x+…$/)
  t.equal(rows[0]?.[0]?.length, 60)
  t.match(chart?.labels[0], /^evil <b>x+…$/)
  t.equal(cutLabel('שלום עולם'), 'שלום עולם')
  t.equal(cutLabel('👩‍👩‍👧 family').includes('family'), true)
})
