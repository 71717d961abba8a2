/** The named parameters of a query: bound as typed values, never put into its text. */
import { type DuckDBPreparedStatement, type DuckDBValue, dateValue, timestampValue } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'

/** Texts of dates and instants are bound as what they are. */
export type ParameterValue = string | number | boolean | { date: string } | { instant: string } | null

const instants = ['period_start', 'period_end']

/** Binds those parameters that the query uses. Throws REPORT_FAILED where it uses one that is not there. */
export function bindParameters(
  statement: DuckDBPreparedStatement,
  report: string,
  parameters: Record<string, ParameterValue>,
): void {
  for (let at = 1; at <= statement.parameterCount; at++) {
    const name = statement.parameterName(at)
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (value === undefined) {
      throw new JobsdError('REPORT_FAILED', {
        report,
        reason: `the query uses $${name}, which this run does not have`,
      })
    }
    statement.bindValue(at, toDuckDB(name, value))
  }
}

function toDuckDB(name: string, value: ParameterValue): DuckDBValue {
  if (typeof value === 'string' && instants.includes(name)) return toTimestamp(value)
  if (typeof value === 'object' && value !== null)
    return 'date' in value
      ? dateValue(Date.parse(`${value.date}T00:00:00Z`) / 86_400_000)
      : toTimestamp(value.instant)
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function toTimestamp(instant: string): DuckDBValue {
  return timestampValue(BigInt(Date.parse(instant)) * 1000n)
}
