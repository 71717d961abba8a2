/** Turns what DuckDB throws into the table's errors, without rows, paths or anything else of its text that is not the query's. */
import { JobsdError } from '../core/errors.ts'

// These speak of the query's own names. Others, such as a conversion, quote values of rows.
const speakable = ['Binder', 'Catalog', 'Parser']

/** The error that a failed query means. An error of the table stays as it is; `where` goes before the reason. */
export function describeFailure(
  error: unknown,
  report: string,
  limits: { timeoutMs: number; memoryMb: number },
  where = '',
): JobsdError {
  if (error instanceof JobsdError) return error
  const text = error instanceof Error ? error.message : String(error)
  const kind = /^([A-Za-z ]+?) Error: /.exec(text)?.[1]
  if (kind === 'INTERRUPT')
    return new JobsdError('STEP_TIMEOUT', { step: report, timeoutMs: limits.timeoutMs })
  if (kind === 'Out of Memory') return outOfMemory(report, limits)
  const line = text
    .split('\n')[0]!
    .replace(/[^\s'"`(]*\/[^\s'"`)]*/g, '...')
    .slice(0, 300)
  const reason =
    kind === undefined
      ? 'the query process met an unknown error'
      : speakable.includes(kind)
        ? line
        : `${kind} Error`
  return new JobsdError('REPORT_FAILED', { report, reason: where + reason }, { cause: error })
}

export function outOfMemory(report: string, limits: { memoryMb: number }): JobsdError {
  return new JobsdError('REPORT_FAILED', {
    report,
    reason: `the query needs more than ${limits.memoryMb} MB`,
  })
}
