import t from 'tap'
import type { Column, LayoutColumn, ReportFormat } from '../../../engine/core/manifest.ts'
import { fileExtension, layoutOf, layoutsOf } from '../../../engine/core/report-file.ts'
import { standardLayouts } from '../../../engine/core/standard-layouts.ts'
import type { Cells } from '../../../engine/reports/formats/cell.ts'
import { createEncoder } from '../../../engine/reports/formats/encode-text.ts'
import { resolveLayout } from '../../../engine/reports/formats/text-layout.ts'
import { createTextRows } from '../../../engine/reports/formats/text-rows.ts'

const columns: Column[] = [
  { name: 'a', title: 'A', type: 'text' },
  { name: 'n', title: 'N', type: 'number', decimals: 1 },
  { name: 'at', title: 'At', type: 'timestamp' },
  { name: 'day', title: 'Day', type: 'date' },
]
const cells: Cells = [
  ['x|y', 'Köln'],
  [{ value: -125n, scale: 2 }, 7],
  [{ micros: 1_793_491_200_000_000n }, null],
  [{ days: 20_758 }, null],
]

function linesOf(format: Partial<ReportFormat>, named: LayoutColumn[], rows = cells): string {
  const own = { name: 'own', title: 'Own', report: 'call/x', type: 'csv', ...format } as ReportFormat
  const layout = resolveLayout({ ...own, columns: named as ReportFormat['columns'] }, columns)!
  const text = createTextRows(layout, 'America/Chicago')
  return text.header() + text.rows(rows)
}

t.test(
  'a layout has the columns it names, in its order, with its titles, constants and formats',
  async (t) => {
    t.equal(
      linesOf(
        {
          type: 'txt',
          delimiter: '|',
          lineEnd: 'crlf',
          decimalSign: ',',
          timestampFormat: 'dd.MM.yyyy HH:mm',
        },
        [
          { constant: 'ACME', title: 'Who' },
          { name: 'at' },
          { name: 'n', decimals: 2, title: 'Number' },
          { name: 'a' },
          { name: 'day', dateFormat: 'yyyyMMdd' },
        ],
      ),
      'Who|At|Number|A|Day\r\nACME|31.10.2026 19:00|-1,25|"x|y"|20261101\r\nACME||7,00|Köln|\r\n',
    )
    t.equal(linesOf({ header: false }, [{ name: 'n' }]), '-1.3\n7.0\n')
    t.equal(linesOf({ delimiter: ';', decimalSign: ',' }, [{ name: 'n' }]), 'N\n-1,3\n7,0\n')
    t.equal(
      linesOf({ decimalSign: ',' }, [{ name: 'n' }]),
      'N\n"-1,3"\n"7,0"\n',
      'a comma between commas is quoted',
    )
    t.equal(resolveLayout({ ...standardLayouts[0]! }, columns), undefined, 'a column that is not there')
  },
)

t.test(
  'quotes are around all cells, those that need them, or none, and then nothing may need them',
  async (t) => {
    t.equal(linesOf({ quote: 'all' }, [{ name: 'a' }], [['say "x"', null]]), '"A"\n"say ""x"""\n""\n')
    t.equal(linesOf({ quote: 'none' }, [{ name: 'a' }], [['say "x"']]), 'A\nsay "x"\n')
    t.throws(() => linesOf({ quote: 'none', delimiter: '|' }, [{ name: 'a' }]), {
      message: 'row 1, column "A": it has the delimiter or a line break in it, and there are no quotes',
    })
    t.throws(() => linesOf({ quote: 'none' }, [{ name: 'a' }], [['x', 'two\nlines']]), {
      message: /^row 2, column "A"/,
    })
    t.equal(linesOf({ quote: 'all' }, [{ name: 'a' }, { constant: '-1' }], [['=1']]), '"A",""\n"\'=1","-1"\n')
  },
)

t.test(
  'fixed columns are padded, and a text that is too long fails by row and column or is cut',
  async (t) => {
    const wide: LayoutColumn[] = [
      { name: 'a', width: 6 },
      { name: 'n', width: 6, pad: '0' },
      { name: 'day', width: 10 },
    ]
    t.equal(linesOf({ type: 'fixed' }, wide), 'x|y   -001.32026-11-01\nKöln  0007.0          \n')
    t.equal(linesOf({ type: 'fixed', header: true }, wide).split('\n')[0], 'A     00000NDay       ')
    t.equal(
      linesOf({ type: 'fixed' }, [{ name: 'a', width: 3 }], [['😀é']]),
      '😀é \n',
      'characters, not units',
    )
    t.throws(() => linesOf({ type: 'fixed' }, [{ name: 'a', width: 3 }]), {
      message: 'row 2, column "A": it has 4 characters, the column 3',
    })
    t.equal(linesOf({ type: 'fixed' }, [{ name: 'a', width: 2, tooLong: 'cut' }]), 'x|\nKö\n')
    t.throws(() => linesOf({ type: 'fixed' }, [{ name: 'n', width: 3, tooLong: 'cut' }]), {
      message: 'row 1, column "N": it has 4 characters, the column 3',
    })
    t.throws(() => linesOf({ type: 'fixed' }, [{ name: 'a', width: 9 }], [['a\nb']]), {
      message: /a line break/,
    })
  },
)

t.test('encodings write their own bytes, and a character that one lacks fails or becomes ?', async (t) => {
  const encode = (encoding: 'utf-8' | 'windows-1252' | 'iso-8859-1' | 'utf-16le', text: string) =>
    createEncoder({ encoding, unmappable: 'fail' })(text).toString('hex')
  t.equal(encode('utf-8', 'ä€'), 'c3a4e282ac')
  t.equal(encode('windows-1252', 'ä€Ÿ'), 'e4809f')
  t.equal(encode('iso-8859-1', 'äÿ'), 'e4ff')
  t.equal(encode('utf-16le', 'ä€'), 'e400ac20')
  for (const encoding of ['windows-1252', 'iso-8859-1'] as const) {
    t.throws(() => encode(encoding, 'Łódź'), { message: `the character U+0141 is not in ${encoding}` })
    const replacing = createEncoder({ encoding, unmappable: 'replace' })
    t.equal(replacing('😀ł!').toString('latin1'), '??!')
  }
  t.throws(() => encode('iso-8859-1', '€'), { message: /U\+20AC/ })
})

t.test('a client has the three standard layouts, and its own in place of one of the same name', async (t) => {
  t.same(
    layoutsOf({}).map(({ name, type }) => [name, type]),
    [
      ['cdr-csv', 'csv'],
      ['cdr-pipe', 'txt'],
      ['cdr-fixed', 'fixed'],
    ],
  )
  const own: ReportFormat = { ...standardLayouts[1]!, title: 'Own', delimiter: ';' }
  t.equal(layoutsOf({ reportFormats: [own] }).length, 3)
  t.equal(layoutOf({ reportFormats: [own] }, 'cdr-pipe'), own)
  t.equal(layoutOf({}, 'other'), undefined)
  t.equal(fileExtension({ format: 'fixed', gzip: true }), 'txt.gz')
  t.equal(fileExtension({ format: 'csv' }), 'csv')
})
