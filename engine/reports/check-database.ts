/** Looks whether a dataset in a database is what docs/dataset.md asks for. */
import type { Finding } from '../core/contracts/checkup.ts'
import type { DatabaseTables, FoundTable } from '../core/contracts/database-tables.ts'
import { JobsdError } from '../core/errors.ts'
import type { PostgresDatasetConnection } from '../core/manifest.ts'
import { spellCount } from '../core/spell-count.ts'
import { describeAge, describeLack, judgeTenants, moments, names } from './dataset-findings.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'

interface DatabaseQuestion {
  dataset: PostgresDatasetConnection
  database: DatabaseTables
  /** The values of `client` that policies name. */
  tenants: string[]
  /** The SQL of the reports in use: what they do not name may be missing. */
  queries: string[]
}

/** Reads every table once, on the server. Findings are in the contract's order of tables. Throws as `survey` does. */
export async function checkDatabase(question: DatabaseQuestion, signal: AbortSignal): Promise<Finding[]> {
  const { dataset, database, tenants, queries } = question
  const wanted = (Object.keys(datasetTables) as DatasetTableName[]).map((name) => ({
    name,
    columns: datasetTables[name],
    moment: moments.find((moment) => moment in datasetTables[name]) ?? null,
  }))
  const found = await database.survey(wanted, signal)
  const seen = new Map<string, number>()
  const secured = dataset.tls === 'none' ? 'without TLS' : 'by TLS'
  const findings: Finding[] = [{ level: 'ok', text: `logged in as ${dataset.username}, ${secured}` }]
  wanted.forEach(({ name, moment }, at) => {
    const table = found[at]
    const using = queries.filter((sql) => names(sql, name))
    if (table === undefined) {
      const schema = dataset.schema ?? 'public'
      findings.push(describeLack(using.length > 0, `${name}: there is no such table in the schema ${schema}`))
    } else if (table instanceof Error) findings.push(judgeError(name, table, using.length > 0))
    else findings.push(...judgeTable(table, moment ?? undefined, using))
    if (table === undefined || table instanceof Error) return
    for (const { client, rows } of table.owners) seen.set(client ?? '', (seen.get(client ?? '') ?? 0) + rows)
  })
  return [...findings, ...judgeTenants(seen, tenants)]
}

function judgeTable(
  { name: table, columns, owners, newest }: FoundTable,
  moment: string | undefined,
  using: string[],
) {
  const rows = owners.reduce((sum, owner) => sum + owner.rows, 0)
  const text = `${table}: ${spellCount(rows, 'row')}${describeAge(moment, newest)}`
  const findings: Finding[] = [{ level: 'ok', text }]
  for (const [name, wanted] of Object.entries(datasetTables[table as DatasetTableName])) {
    const column = columns.find((each) => each.name === name)
    const isOwner = name === 'client' || name === 'call_center'
    if (!column) {
      const missing = `${table}: there is no column ${name}`
      const isUsed = using.some((sql) => names(sql, name))
      findings.push(isOwner ? { level: 'problem', text: missing } : describeLack(isUsed, missing))
    } else if (!column.fits) {
      findings.push({ level: 'problem', text: `${table}: ${name} is ${column.type} instead of ${wanted}` })
    }
  }
  return findings
}

/** What may not be read is of no concern where nobody asks for it. */
function judgeError(table: string, error: Error, isUsed: boolean): Finding {
  const text = error instanceof JobsdError ? `${table}: ${error.message}` : `${table}: it cannot be read`
  return isUsed
    ? { level: 'problem', text }
    : { level: 'warning', text: `${text}; no report of a job uses it` }
}
