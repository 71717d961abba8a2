/** Rules about how report files are laid out: which layouts there are, and what fits which format. */
import type { LayoutColumn, ReportFormat, Report as ReportManifest } from '../../core/manifest.ts'
import { gzipFormats, layoutFormats, layoutsOf } from '../../core/report-file.ts'
import { standardLayouts } from '../../core/standard-layouts.ts'
import { suggestWord } from '../../core/suggest.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { jobRule, type Report, type Rule } from './rule.ts'

const unknownLayout = jobRule('unknown-layout', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client) return
  const names = layoutsOf(client.value).map(({ name }) => name)
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'report' || step.layout === undefined || names.includes(step.layout)) continue
    const hint = suggestWord(step.layout, names) || `; allowed: ${listWords(names)}`
    report(placeOf(document, `/steps/${index}/layout`), `there is no layout ${quote(step.layout)}${hint}`)
  }
})

const layoutFit = jobRule('layout-fit', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'report') continue
    const at = (key: string) => placeOf(document, `/steps/${index}/${key}`)
    if (step.layout === undefined) {
      if (step.format === 'fixed')
        report(at('format'), 'a fixed file needs a `layout`, which says how wide each column is')
      continue
    }
    if (!layoutFormats.includes(step.format)) {
      report(at('layout'), `${step.format} has no layout; csv, txt and fixed have`)
      continue
    }
    const layout = client && layoutsOf(client.value).find(({ name }) => name === step.layout)
    if (!layout) continue
    const name = quote(layout.name)
    if (layout.type !== step.format)
      report(at('format'), `the layout ${name} is of ${layout.type}, this file is ${step.format}`)
    if (layout.report !== step.report) {
      const message = `the layout ${name} is of the report ${quote(layout.report)}, not ${quote(step.report)}`
      report(at('layout'), message)
    } else if (standardLayouts.includes(layout)) {
      // A client's own layout is looked at where it is written.
      const columns = manifests.reports.get(step.report)?.value.columns.map((column) => column.name)
      const missing = columns && layout.columns.find((column) => !columns.includes(column.name!))
      if (missing)
        report(
          at('layout'),
          `the layout ${name} needs the column ${quote(missing.name)}, which the report does not have`,
        )
    }
  }
})

const gzipFormat = jobRule('gzip-format', (document, report) => {
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'report' || !step.gzip || gzipFormats.includes(step.format)) continue
    report(
      placeOf(document, `/steps/${index}/gzip`),
      `${step.format} is not compressed here; ${gzipFormats.join(', ')} can be`,
    )
  }
})

const layoutColumns: Rule = {
  name: 'layout-columns',
  check(manifests, report) {
    for (const document of manifests.clients.values()) {
      const formats = document.value.reportFormats ?? []
      formats.forEach((format, index) => {
        const pointer = `/reportFormats/${index}`
        const first = formats.findIndex(({ name }) => name === format.name)
        if (first < index)
          report(placeOf(document, `${pointer}/name`), `there is another layout ${quote(format.name)}`)
        const laidOut = manifests.reports.get(format.report)
        if (!laidOut) {
          const hint = suggestWord(format.report, [...manifests.reports.keys()])
          report(placeOf(document, `${pointer}/report`), `there is no report ${quote(format.report)}${hint}`)
        }
        checkOptions(document, format, pointer, report)
        format.columns.forEach((column, at) => {
          for (const [key, message] of columnFaults(column, format, laidOut?.value))
            report(placeOf(document, `${pointer}/columns/${at}${key}`), message)
        })
      })
    }
  },
}

function checkOptions(
  document: LoadedDocument<unknown>,
  format: ReportFormat,
  pointer: string,
  report: Report,
): void {
  if (format.type !== 'fixed') return
  for (const key of ['delimiter', 'quote'] as const)
    if (format[key] !== undefined)
      report(placeOf(document, `${pointer}/${key}`), `fixed columns have no ${key}; leave it out`)
}

function columnFaults(
  column: LayoutColumn,
  format: ReportFormat,
  laidOut: ReportManifest | undefined,
): [key: string, message: string][] {
  const faults: [string, string][] = []
  if ((column.name === undefined) === (column.constant === undefined))
    faults.push(['', 'a column has either a `name` or a `constant`'])
  const names = laidOut?.columns.map(({ name }) => name)
  if (column.name !== undefined && names && !names.includes(column.name))
    faults.push(['/name', `the report has no column ${quote(column.name)}${suggestWord(column.name, names)}`])
  if (format.type === 'fixed') {
    if (column.width === undefined) faults.push(['', 'a fixed column needs a `width`'])
    return faults
  }
  for (const key of ['width', 'align', 'pad', 'tooLong'] as const)
    if (column[key] !== undefined) faults.push([`/${key}`, `only fixed columns have ${quote(key)}`])
  return faults
}

export const layoutRules: Rule[] = [unknownLayout, layoutFit, gzipFormat, layoutColumns]
