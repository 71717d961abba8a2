/** The reports that a client's jobs deliver: the meaning of each column, and made-up rows that show the form. */
import type { Client, Column } from '../core/manifest.ts'
import type { ReportDefinition, Snapshot } from '../core/model.ts'
import { formatWithOffset } from '../core/zone.ts'
import { words } from './words.ts'

const sampleRows = 3
// A Monday morning that is nobody's.
const sampleMs = Date.UTC(2026, 0, 5, 15, 0)
const minuteMs = 60_000

export interface ReportView {
  /** `call-call-detail`: the name of its page. */
  page: string
  title: string
  category: string
  description: string
  columns: { title: string; kind: string }[]
  sample: string[][]
  /** The jobs that deliver it, by title. */
  jobs: { name: string; title: string }[]
}

/** By category and title; a report as the newest of the jobs that use it has it. */
export function viewReports(snapshots: readonly Snapshot[], client: Client): ReportView[] {
  const used = new Map<string, { definition: ReportDefinition; jobs: Map<string, string> }>()
  for (const { manifest, reports } of snapshots)
    for (const [name, definition] of Object.entries(reports)) {
      const known = used.get(name) ?? { definition, jobs: new Map<string, string>() }
      known.jobs.set(manifest.name, manifest.title)
      used.set(name, known)
    }
  return [...used]
    .map(([name, { definition, jobs }]) => ({
      page: name.replace('/', '-'),
      title: definition.title,
      category: definition.category.charAt(0).toUpperCase() + definition.category.slice(1),
      description: definition.description ?? '',
      columns: definition.columns.map(({ title, type }) => ({ title, kind: words.reports.kinds[type] })),
      sample: Array.from({ length: sampleRows }, (_, row) =>
        definition.columns.map((column) => sampleCell(column, row, client)),
      ),
      jobs: [...jobs]
        .map(([name, title]) => ({ name, title }))
        .sort((a, b) => a.title.localeCompare(b.title, 'en')),
    }))
    .sort((a, b) => a.category.localeCompare(b.category, 'en') || a.title.localeCompare(b.title, 'en'))
}

function sampleCell({ name, title, type, decimals = 2 }: Column, row: number, client: Client): string {
  switch (type) {
    case 'text':
      if (name === 'client') return client.title
      if (name === 'call_center')
        return client.callCenters[row % client.callCenters.length]?.name ?? `${title} ${row + 1}`
      return `${title} ${row + 1}`
    case 'phone':
      // 555-01xx belongs to nobody.
      return `+1202555${String(100 + row).padStart(4, '0')}`
    case 'integer':
      return String((row + 1) * 7)
    case 'percent':
      return (87.5 - row * 4).toFixed(decimals)
    case 'number':
    case 'money':
      return (12.5 + row * 3.25).toFixed(decimals)
    case 'timestamp':
      return formatWithOffset(client.timezone, sampleMs + row * 7 * minuteMs)
    case 'date':
      return new Date(sampleMs).toISOString().slice(0, 10)
    case 'boolean':
      return String(row % 2 === 0)
  }
}
