/** The reports of this repository with their queries. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Report } from '../../engine/core/manifest.ts'

export interface StandardReport {
  /** `<category>/<name>` */
  id: string
  definition: Report
  query: string
  totals: string
}

/** By category and name. */
export function standardReports(): StandardReport[] {
  const folder = join(import.meta.dirname, '../../templates/reports')
  const ids = readdirSync(folder).flatMap((category) =>
    readdirSync(join(folder, category)).map((name) => `${category}/${name}`),
  )
  return ids.sort().map((id) => {
    const text = (name: string) => readFileSync(join(folder, id, name), 'utf8')
    const definition = parse(text('report.yaml')) as Report
    return { id, definition, query: text('query.sql'), totals: text('totals.sql') }
  })
}
