/** The rule about what is kept for how long: bytes without the run that tells of them are of no use. */
import { parseDuration } from '../../core/duration.ts'
import { dayMs } from '../../core/retention-times.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Rule } from './rule.ts'

const outlivingArtifacts: Rule = {
  name: 'artifacts-outlive-runs',
  check({ settings }, report) {
    const { runs = '400d', artifacts } = settings?.value.retention ?? {}
    if (!settings || artifacts === undefined) return
    const runsMs = parseDuration(runs)
    // Shorter than allowed: that is said already.
    if (runsMs < dayMs || parseDuration(artifacts) <= runsMs) return
    const message = `${quote(artifacts)} is longer than runs are kept; allowed: up to ${quote(runs)}`
    report(placeOf(settings, '/retention/artifacts'), message)
  },
}

export const retentionRules: readonly Rule[] = [outlivingArtifacts]
