import type { Log } from '../../engine/core/contracts/services.ts'

/** A log that keeps its lines as `warn: message`, with the fields beside. */
export function createMemoryLog(): Log & { lines: string[]; fields: Record<string, unknown>[] } {
  const lines: string[] = []
  const fields: Record<string, unknown>[] = []
  const write = (level: string) => (given: Record<string, unknown>, message: string) => {
    lines.push(`${level}: ${message}`)
    fields.push(given)
  }
  return {
    lines,
    fields,
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
}
