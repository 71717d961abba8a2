/** Cron texts parsed once: expressions are few, jobs are many, and each job's is read by several rules. */
import { parseCron } from './cron.ts'

const maxTexts = 2000
const known = new Map<string, ReturnType<typeof parseCron>>()

/** As parseCron; the same text gives the same object, which nobody may change. */
export function readCron(text: string): ReturnType<typeof parseCron> {
  let parsed = known.get(text)
  if (!parsed) {
    parsed = parseCron(text)
    if (known.size >= maxTexts) known.clear()
    known.set(text, parsed)
  }
  return parsed
}
