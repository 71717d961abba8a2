import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import t, { type Test } from 'tap'
import { cannotTrace, safeAcknowledgements } from './trace.ts'

const count = 20

/** What the system calls of a child that uses the real ledger say of each acknowledgement. */
function traceLedger(t: Test, synchronous: 'full' | 'normal'): boolean[] {
  const folder = t.testdir({})
  const trace = join(folder, 'trace')
  const { stderr, status } = spawnSync(
    'strace',
    [
      ...['-y', '-s', '60', '-e', 'trace=pwrite64,fsync,fdatasync,write', '-o', trace],
      process.execPath,
      join(import.meta.dirname, 'ledger-child.ts'),
      ...[join(folder, 'ledger.db'), String(count), synchronous],
    ],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  )
  t.equal(status, 0, stderr)
  return safeAcknowledgements(readFileSync(trace, 'utf8'))
}

t.test(
  'each acknowledgement of the ledger comes after the fsync of what it is for',
  {
    skip: cannotTrace,
  },
  async (t) => {
    const safe = traceLedger(t, 'full')
    t.equal(safe.length, count)
    t.same(
      safe.filter((is) => !is),
      [],
    )
  },
)

t.test(
  "with SQLite's own setting for this mode it would not: the trace tells",
  {
    skip: cannotTrace,
  },
  async (t) => {
    const safe = traceLedger(t, 'normal')
    t.equal(safe.length, count, 'it answers all the same')
    t.ok(safe.filter((is) => !is).length >= count - 1, 'only a checkpoint may have synced by chance')
  },
)

t.test('the checker takes neither an fsync before the write nor one that failed', async (t) => {
  const write = 'pwrite64(22</d/ledger.db-wal>, "x", 1, 0) = 1'
  const acknowledged = 'write(1<pipe:[7]>, "acknowledged 1\\n", 15) = 15'
  const begin = 'write(1<pipe:[7]>, "begin\\n", 6) = 6'
  const check = (...lines: string[]) => safeAcknowledgements([begin, ...lines].join('\n'))
  t.same(check(write, 'fsync(22</d/ledger.db-wal>) = 0', acknowledged), [true])
  t.same(check('fsync(22</d/ledger.db-wal>) = 0', write, acknowledged), [false])
  t.same(check(write, 'fsync(22</d/ledger.db-wal>) = -1 EIO (Input/output error) (INJECTED)', acknowledged), [
    false,
  ])
  t.same(check(write, 'fsync(21</d/ledger.db>) = 0', acknowledged), [false], 'of another file')
  t.same(check('fsync(22</d/ledger.db-wal>) = 0', acknowledged), [false], 'nothing was written')
})
