/** Rules about a client's own codes for results. */
import { suggestWord } from '../../core/suggest.ts'
import { systemResults } from '../../core/system-results.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Rule } from './rule.ts'

const outcomeResult: Rule = {
  name: 'outcome-result',
  check(manifests, report) {
    for (const document of manifests.clients.values()) {
      for (const [index, { result }] of (document.value.outcomes ?? []).entries()) {
        if (systemResults.includes(result)) continue
        const hint = suggestWord(result, [...systemResults])
        const message = `${quote(result)} is no result of the platform, so this maps only calls whose data says just that${hint}`
        report(placeOf(document, `/outcomes/${index}/result`), message, 'warning')
      }
    }
  },
}

const outcomeTwice: Rule = {
  name: 'outcome-twice',
  check(manifests, report) {
    for (const document of manifests.clients.values()) {
      const seen = new Set<string>()
      for (const [index, { result, service }] of (document.value.outcomes ?? []).entries()) {
        const key = JSON.stringify([result, service ?? null])
        const place = service === undefined ? '' : ` in service ${quote(service)}`
        if (seen.has(key))
          report(placeOf(document, `/outcomes/${index}/result`), `${quote(result)}${place} has codes already`)
        seen.add(key)
      }
    }
  },
}

const outcomeFallback: Rule = {
  name: 'outcome-fallback',
  check(manifests, report) {
    for (const document of manifests.clients.values()) {
      const { outcomes, outcomeFallback } = document.value
      if (outcomeFallback === undefined || outcomes !== undefined) continue
      report(
        placeOf(document, '/outcomeFallback', 'key'),
        'without `outcomes` this does nothing: the outcomes in the data count',
        'warning',
      )
    }
  },
}

export const outcomeRules: Rule[] = [outcomeResult, outcomeTwice, outcomeFallback]
