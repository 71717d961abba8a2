/**
 * Makes operations of the real ledger one after the other, and writes a line once each was acknowledged. `normal` as the
 * third argument makes SQLite sync as it would without the ledger's own setting.
 */
import { writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'

const [path = '', count = '0', synchronous] = process.argv.slice(2)

if (synchronous === 'normal') {
  const pragma = Database.prototype.pragma
  Database.prototype.pragma = function (text: string, options?: Database.PragmaOptions) {
    return pragma.call(this, text === 'synchronous = FULL' ? 'synchronous = NORMAL' : text, options)
  }
}

const ledger = openSqliteLedger(path)
const notice = { title: 't', message: 'm', facts: [], list: [], next: '' }
writeSync(1, 'begin\n')
for (let index = 1; index <= Number(count); index++) {
  await ledger.raiseNotice(`notice-${index}`, notice, new Date().toISOString())
  writeSync(1, `acknowledged ${index}\n`)
}
await ledger.close()
