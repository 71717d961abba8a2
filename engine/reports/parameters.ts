/** The named parameters of a query: bound as typed values, never put into its text. */
import { type DuckDBPreparedStatement, type DuckDBValue, timestampValue } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'

export type ParameterValue = string | number | boolean | null

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
  if (typeof value === 'string' && instants.includes(name))
    return timestampValue(BigInt(Date.parse(value)) * 1000n)
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}
