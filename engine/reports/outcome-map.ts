/** A client's own codes for the results of its calls. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Client, OutcomeCodes } from '../core/manifest.ts'

export interface OutcomeMap {
  entries: OutcomeCodes[]
  fallback: NonNullable<Client['outcomeFallback']>
}

/** The client's map; undefined where it has none and the data's custom outcomes count. */
export function outcomeMapOf({ outcomes, outcomeFallback }: Client): OutcomeMap | undefined {
  return outcomes && { entries: outcomes, fallback: outcomeFallback ?? 'platform-code' }
}

const columns = ['custom_outcome_1', 'custom_outcome_2', 'custom_outcome_3']

/**
 * Replaces the custom outcomes of every call in the table `calls`: by the codes of its result and service, else by
 * those of its result, else by the fallback: the result as custom outcome 1, or nothing. Codes that an entry does not
 * have are null.
 */
export async function mapOutcomes(connection: DuckDBConnection, map: OutcomeMap): Promise<void> {
  const rows = map.entries.map(({ result, service, codes }) => {
    const texts = [result, service, codes[0], codes[1], codes[2]]
    return `(${texts.map((text) => (text === undefined ? 'NULL' : quoteText(text))).join(', ')})`
  })
  await connection.run(`CREATE TEMP TABLE codes AS SELECT result::VARCHAR AS result, service::VARCHAR AS service,
    c1::VARCHAR AS c1, c2::VARCHAR AS c2, c3::VARCHAR AS c3
    FROM (VALUES ${rows.join(', ')}) given(result, service, c1, c2, c3)`)
  const platform = map.fallback === 'platform-code' ? 'calls.result' : 'NULL::VARCHAR'
  const found = await connection.run('SELECT * FROM calls LIMIT 0')
  const present = found.columnNames().map((name) => name.toLowerCase())
  const mapped = columns.map((name, at) => {
    const fallback = at === 0 ? platform : 'NULL::VARCHAR'
    const code = `c${at + 1}`
    const sql = `CASE WHEN own.c1 IS NOT NULL THEN own.${code} WHEN every.c1 IS NOT NULL THEN every.${code} ELSE ${fallback} END AS ${name}`
    return { name, sql }
  })
  const sqlOf = (isPresent: boolean) =>
    mapped.filter(({ name }) => present.includes(name) === isPresent).map(({ sql }) => sql)
  const replaced = sqlOf(true)
  const select = [
    replaced.length === 0 ? 'calls.*' : `calls.* REPLACE (${replaced.join(', ')})`,
    ...sqlOf(false),
  ]
  await connection.run(`CREATE TABLE mapped AS SELECT ${select.join(', ')} FROM calls
    LEFT JOIN codes own ON own.result = calls.result AND own.service = calls.service
    LEFT JOIN codes every ON every.result = calls.result AND every.service IS NULL`)
  await connection.run('DROP TABLE calls')
  await connection.run('ALTER TABLE mapped RENAME TO calls')
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
