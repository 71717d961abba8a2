import t from 'tap'
import { readRows } from '../../../engine/core/fan-out-rows.ts'
import type { FanOut } from '../../../engine/core/manifest.ts'

const fanOut: FanOut = {
  query: 'SELECT 1',
  parameters: [
    { name: 'site', type: 'text', required: true },
    { name: 'least', type: 'integer', min: 1, default: 5 },
    { name: 'recipients', type: 'text' },
  ],
  key: 'site',
  onEmpty: 'fail',
}
const centers = ['dallas', 'tampa']
const read = (rows: Record<string, unknown>[], changes: Partial<FanOut> = {}) =>
  readRows('acme/eod', { ...fanOut, ...changes }, centers, rows)

t.test('each row becomes its typed parameters, and no value is the default or nothing', async (t) => {
  t.same(
    read([
      { site: 'north', least: 7, recipients: 'a@acme.example' },
      { site: 'south', least: null, recipients: null },
    ]),
    [
      {
        key: 'north',
        parameters: { site: 'north', least: 7, recipients: 'a@acme.example' },
        callCenter: null,
        fault: null,
      },
      { key: 'south', parameters: { site: 'south', least: 5 }, callCenter: null, fault: null },
    ],
  )
})

t.test('a value that does not fit is the fault of its row alone', async (t) => {
  const rows = read([
    { site: 'north', least: 0, recipients: 'a@acme.example\r\nBcc: x@evil.example' },
    { site: 'south', least: 7, recipients: null },
  ])
  t.match(rows[0], { key: 'north', parameters: { site: 'north' } })
  t.match(rows[0]?.fault, /least is 0, which is less than 1; .*recipients.* is no text of one line/)
  t.same(Object.keys(rows[0]?.parameters ?? {}), ['site'], 'nothing of it is passed on')
  t.equal(rows[1]?.fault, null)
})

t.test(
  'a call center of somebody else is a fault, and none is one too: its run would see all of them',
  async (t) => {
    const changes: Partial<FanOut> = {
      key: 'least',
      callCenter: 'site',
      parameters: [
        { name: 'site', type: 'text' },
        { name: 'least', type: 'integer' },
      ],
    }
    const rows = read(
      [
        { site: 'tampa', least: 1 },
        { site: 'boston', least: 2 },
        { site: null, least: 3 },
      ],
      changes,
    )
    t.same(
      rows.map(({ key, callCenter }) => [key, callCenter]),
      [
        ['1', 'tampa'],
        ['2', null],
        ['3', null],
      ],
    )
    t.match(rows[1]?.fault, /"boston", which is no call center of the client: it has dallas, tampa/)
    t.equal(rows[2]?.fault, 'the row has no site, its call center')
  },
)

t.test('rows that cannot be told apart give nobody anything', async (t) => {
  const fails = (rows: Record<string, unknown>[], reason: RegExp, changes: Partial<FanOut> = {}) =>
    t.throws(() => read(rows, changes), { code: 'FAN_OUT_FAILED', message: reason })
  fails([{ site: 'north' }, { site: null }], /row 2 has no site, its key/)
  fails([{ site: 'north' }, {}], /row 2 has no site, its key/)
  fails([{ site: '' }], /row 1 has no site, its key/)
  fails([{ site: 'north' }, { site: 'south' }, { site: 'north' }], /two rows have the site "north"/)
  fails([{ site: 'a/b' }, { site: 'a:b' }], /the same file name: "a\/b" and "a:b"/)
  fails([{ site: 'no\nrth' }], /row 1: parameter site is "no\\nrth", which is no text of one line/)
  fails([{ site: 'x'.repeat(101) }], /row 1 has a key of 101 bytes; it may have 100/)
  fails([{ site: '..' }], /row 1 has a key that no file can be named by/)
  fails([{ site: 'a' }, { site: 'b' }, { site: 'c' }], /gave 3 rows, maxRows allows 2/, { maxRows: 2 })
})

t.test('a key that is not allowed is its own fault, not that of all', async (t) => {
  const parameters: FanOut['parameters'] = [{ name: 'site', type: 'text', allowed: ['north'] }]
  const rows = read([{ site: 'north' }, { site: 'south' }], { parameters })
  t.same(
    rows.map(({ key, fault }) => [key, fault === null]),
    [
      ['north', true],
      ['south', false],
    ],
  )
})
