/** The rule about reports: the columns of the definition are those of its queries. */
import type { Report as ReportManifest } from '../../core/manifest.ts'
import { suggestWord } from '../../core/suggest.ts'
import { reportFiles } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { selectedColumns } from '../select-list.ts'
import { readText } from '../templates.ts'
import type { Rule } from './rule.ts'

const reportColumns: Rule = {
  name: 'report-columns',
  check(manifests, report) {
    for (const [name, document] of manifests.reports) {
      const { query, totals } = reportFiles(name)
      for (const file of [query, totals]) {
        const given = selectedColumns(readText(manifests, file))
        const drift = given && findDrift(document, given, file.split('/').at(-1)!)
        if (drift) report(placeOf(document, drift.pointer, drift.on), drift.message)
      }
    }
  },
}

interface Drift {
  pointer: string
  on?: 'key'
  message: string
}

/** The first difference: the others mostly follow from it. */
function findDrift(
  { value }: LoadedDocument<ReportManifest>,
  given: string[],
  query: string,
): Drift | undefined {
  const defined = value.columns.map((column) => column.name)
  if (new Set(defined).size < defined.length) return undefined
  const index = defined.findIndex((name, at) => name !== given[at])
  if (index === -1) {
    if (given.length === defined.length) return undefined
    const message = `${query} also gives ${quote(given[defined.length])}, which is not among these columns`
    return { pointer: '/columns', on: 'key', message }
  }
  const pointer = `/columns/${index}/name`
  const name = defined[index]!
  if (!given.includes(name)) {
    const unnamed = given.filter((other) => !defined.includes(other))
    return { pointer, message: `${query} gives no column ${quote(name)}${suggestWord(name, unnamed)}` }
  }
  const found = given[index]
  const message = `${query} gives ${found === undefined ? 'no further column' : quote(found)} as column ${index + 1}, here it is ${quote(name)}; the order must be the same`
  return { pointer, message }
}

export const reportRules: Rule[] = [reportColumns]
