import t from 'tap'
import type { Column } from '../../../engine/core/manifest.ts'
import type { Cell, Cells } from '../../../engine/reports/formats/cell.ts'
import { plainLayout, resolveLayout } from '../../../engine/reports/formats/text-layout.ts'
import { createTextRows } from '../../../engine/reports/formats/text-rows.ts'

const column = (type: Column['type'], decimals?: number): Column => ({
  name: 'x',
  title: 'X',
  type,
  ...(decimals === undefined ? {} : { decimals }),
})
const csvOf = (columns: Column[], zone: string) =>
  createTextRows(resolveLayout(plainLayout('csv', columns), columns)!, zone)
const formatCsvHeader = (columns: Column[]) => csvOf(columns, 'UTC').header()
const formatCsvRows = (columns: Column[], cells: Cells, zone: string) => csvOf(columns, zone).rows(cells)
const format = (type: Column['type'], cell: Cell, decimals?: number) =>
  formatCsvRows([column(type, decimals)], [[cell]], 'America/Chicago').slice(0, -1)

t.test(
  'a text that a spreadsheet would run is neutralised, in columns of type text and phone only',
  async (t) => {
    for (const text of ['=1+1', '-1', '@SUM(A1)', '\tx', '+1+cmd', "+1|calc'!A1"]) {
      t.equal(format('text', text), `'${text}`)
      t.equal(format('phone', text), `'${text}`)
    }
    t.equal(
      format('phone', '=HYPERLINK("http://a.example","x")'),
      `"'=HYPERLINK(""http://a.example"",""x"")"`,
    )
    t.equal(format('text', '\r=1'), '"\'\r=1"')
    t.equal(format('text', '+1'), "'+1")
    t.equal(format('text', 'a=b'), 'a=b')
    for (const phone of [
      '+1 555 0100',
      '+12145550100',
      '+49 (0)30.555-01',
      '(214) 555-0100',
      'anonymous',
      '',
    ]) {
      t.equal(format('phone', phone), phone)
    }
    t.equal(format('integer', -5n), '-5')
  },
)

t.test('a cell is quoted where it needs it, and only there', async (t) => {
  t.equal(format('text', 'a,b'), '"a,b"')
  t.equal(format('text', 'say "hi"'), '"say ""hi"""')
  t.equal(format('text', 'two\nlines'), '"two\nlines"')
  t.equal(format('text', '="x"'), '"\'=""x"""')
  t.equal(format('text', ' Köln '), ' Köln ')
})

t.test('numbers have fixed decimals, rounded half away from zero as they are written', async (t) => {
  t.equal(format('number', 1.005), '1.01')
  t.equal(format('number', -1.005), '-1.01')
  t.equal(format('percent', 2.5, 0), '3')
  t.equal(format('number', 1e21), '1000000000000000000000.00')
  t.equal(format('number', 1.5e-7, 9), '0.000000150')
  t.equal(format('number', -0.001), '0.00')
  t.equal(format('money', { value: 123456789012345678901n, scale: 4 }), '12345678901234567.89')
  t.equal(format('money', { value: -5n, scale: 3 }), '-0.01')
  t.equal(format('money', 7n, 3), '7.000')
  t.equal(format('integer', 9007199254740993n), '9007199254740993')
  t.equal(format('number', Number.NaN), '')
})

t.test('times carry the offset that the zone has at that moment', async (t) => {
  const at = (text: string) => ({ micros: BigInt(Date.parse(text)) * 1000n })
  t.equal(format('timestamp', at('2026-11-01T06:59:59Z')), '2026-11-01T01:59:59-05:00')
  t.equal(format('timestamp', at('2026-11-01T07:00:00Z')), '2026-11-01T01:00:00-06:00')
  t.equal(format('date', { days: 20_000 }), '2024-10-04')
  t.equal(format('boolean', false), 'false')
  t.equal(format('text', null), '')
})

t.test('a file is a header of titles and one line a row, each ended by a line feed', async (t) => {
  const columns: Column[] = [
    { name: 'a', title: 'A, first', type: 'text' },
    { name: 'b', title: 'B', type: 'integer' },
  ]
  t.equal(formatCsvHeader(columns), '"A, first",B\n')
  t.equal(
    formatCsvRows(
      columns,
      [
        ['x', null],
        [1n, 2n],
      ],
      'UTC',
    ),
    'x,1\n,2\n',
  )
  t.equal(formatCsvRows(columns, [[], []], 'UTC'), '')
})
