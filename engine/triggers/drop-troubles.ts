import type { TriggerHost } from '../core/contracts/trigger.ts'
import { describeError } from './background.ts'

export type TroubleLog = ReturnType<typeof createTroubleLog>

/** Logs a lasting trouble once when it begins or changes, and once when it ends. */
export function createTroubleLog({ log }: Pick<TriggerHost, 'log'>, about: Record<string, unknown>) {
  const current = new Map<string, unknown>()
  return {
    keepOnly(paths: ReadonlySet<string>): void {
      for (const subject of current.keys())
        if (subject.startsWith('/') && !paths.has(subject)) current.delete(subject)
    },
    /** Returns whether it is a new one. */
    met(subject: string, error: unknown, message: string): boolean {
      const described = describeError(error)
      if (current.get(subject) === described.code) return false
      current.set(subject, described.code)
      log.warn({ ...about, subject, ...described }, message)
      return true
    },
    ended(subject: string): void {
      if (current.delete(subject)) log.info({ ...about, subject }, 'the drop folder works again')
    },
  }
}
