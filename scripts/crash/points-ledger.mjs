/** Points before and after each commit that wrote something. */
import Database from 'better-sqlite3'

export function watchLedger(reach) {
  const probe = new Database(':memory:')
  const statements = Object.getPrototypeOf(probe.prepare('select 1'))
  probe.close()
  const written = new Set()
  const run = statements.run
  statements.run = function (...args) {
    const table = /^\s*(?:insert into|update|delete from|replace into)\s+"?(\w+)/i.exec(this.source)?.[1]
    if (table !== undefined) written.add(table)
    return run.apply(this, args)
  }
  // "returning" makes a writing statement a reader.
  for (const name of ['all', 'get']) {
    const original = statements[name]
    statements[name] = function (...args) {
      const table = /^\s*(?:insert into|update|delete from)\s+"?(\w+)/i.exec(this.source)?.[1]
      if (table !== undefined) written.add(table)
      return original.apply(this, args)
    }
  }
  const { exec } = Database.prototype
  Database.prototype.exec = function (sql) {
    if (/^\s*rollback\s*;?\s*$/i.test(sql)) written.clear()
    if (!/^\s*commit\b/i.test(sql) || written.size === 0) return exec.call(this, sql)
    const tables = [...written].sort().join(',')
    written.clear()
    reach('commit before', tables)
    const value = exec.call(this, sql)
    reach('commit after', tables)
    return value
  }
}
