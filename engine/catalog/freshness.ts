/** How new the newest data is, and whether it came when it was expected. */
import type { JudgedMoment } from '../core/contracts/catalog.ts'
import type { RunDetail, Snapshot } from '../core/model.ts'
import { describeFields } from '../core/schedule-words.ts'
import { spellMoment, spellPeriod } from './plain-words.ts'
import { words } from './words.ts'

/** The period of the newest report that was delivered, and when; empty where the job makes no report. */
export function describeFreshness(runs: readonly RunDetail[], snapshot: Snapshot): string {
  const hasReport = snapshot.manifest.steps.some(({ type }) => type === 'report')
  if (!hasReport) return ''
  for (const run of runs) {
    const period = run.files.find((file) => file.period !== null)?.period
    if (run.state !== 'succeeded' || !period || run.endedAt === null) continue
    const at = spellMoment(snapshot.client.timezone, Date.parse(run.endedAt)).text
    return words.freshness.covers(spellPeriod(period), at)
  }
  return words.freshness.none
}

export interface ExpectationView {
  /** By when, as a sentence. */
  when: string
  /** How the newest moment was judged. */
  verdict: string
  tone: 'good' | 'bad' | 'quiet'
}

/** By when the job must have done its work, and whether it had; null where nothing is expected. */
export function viewExpectation(
  { expectBy, client }: Snapshot,
  judged: JudgedMoment | undefined,
): ExpectationView | null {
  if (expectBy === null) return null
  const zone = expectBy.timezone === client.timezone ? '' : ` (${expectBy.timezone})`
  const when = `${describeFields(expectBy.fields)}${zone}`
  if (judged === undefined || judged.outcome === 'skipped')
    return { when, verdict: words.expectation.notYet, tone: 'quiet' }
  const at = spellMoment(client.timezone, Date.parse(judged.at)).text
  switch (judged.outcome) {
    case 'met':
      return { when, verdict: words.expectation.met(at), tone: 'good' }
    case 'late':
      return { when, verdict: words.expectation.late(at), tone: 'bad' }
    case 'missing':
      return { when, verdict: words.expectation.missing(at), tone: 'bad' }
    case 'came-late':
      return { when, verdict: words.expectation.cameLate(at), tone: 'quiet' }
  }
}
