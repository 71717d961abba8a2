/** The rule about what a mail shows of a report: its columns and its chart are those of the report's files. */
import type { Column, Report as ReportManifest } from '../../core/manifest.ts'
import { suggestWord } from '../../core/suggest.ts'
import { reportFiles } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { selectedColumns } from '../select-list.ts'
import { readText } from '../templates.ts'
import type { Rule } from './rule.ts'

const numeric: Column['type'][] = ['integer', 'number', 'percent', 'money']

interface Fault {
  pointer: string
  message: string
}

const reportMail: Rule = {
  name: 'report-mail',
  check(manifests, report) {
    for (const [name, document] of manifests.reports) {
      const { chart, totals } = reportFiles(name)
      const chartSql = manifests.files.has(chart) ? readText(manifests, chart) : undefined
      const faults = [
        ...namedFaults(document.value, manifests.files.has(totals)),
        ...chartFaults(document, chart, chartSql),
      ]
      for (const { pointer, message } of faults) report(placeOf(document, pointer), message)
    }
  },
}

function namedFaults({ columns, mail }: ReportManifest, hasTotals: boolean): Fault[] {
  const names = columns.map((column) => column.name)
  const unknown = (name: string) => `the report has no column ${quote(name)}${suggestWord(name, names)}`
  const shown = (mail?.columns ?? []).flatMap((name, at) =>
    names.includes(name) ? [] : [{ pointer: `/mail/columns/${at}`, message: unknown(name) }],
  )
  const figures = (mail?.summary ?? []).flatMap(({ column: name }, at): Fault[] => {
    if (name === undefined) return []
    const pointer = `/mail/summary/${at}/column`
    const column = columns.find((each) => each.name === name)
    if (!column) return [{ pointer, message: unknown(name) }]
    if (!hasTotals) return [{ pointer, message: 'the report has no totals.sql to take the figure from' }]
    if (numeric.includes(column.type)) return []
    return [
      { pointer, message: `${quote(name)} is a ${column.type}; a figure is one of ${numeric.join(', ')}` },
    ]
  })
  return [...shown, ...figures]
}

function chartFaults(
  { value }: LoadedDocument<ReportManifest>,
  file: string,
  sql: string | undefined,
): Fault[] {
  const chart = value.mail?.chart
  const fileName = file.split('/').at(-1)!
  if (!chart)
    return sql === undefined
      ? []
      : [{ pointer: '/name', message: `${fileName} is there, but mail.chart does not say how it is drawn` }]
  if (sql === undefined)
    return [{ pointer: '/mail/chart', message: `the chart has no query: ${file} is missing` }]
  const texts = chart.columns.slice(1).flatMap(({ name, type }, at) => {
    const pointer = `/mail/chart/columns/${at + 1}/type`
    const allowed = numeric.join(', ')
    return numeric.includes(type)
      ? []
      : [{ pointer, message: `${quote(name)} is drawn, so it is one of ${allowed}; here it is ${type}` }]
  })
  const given = selectedColumns(sql)
  const defined = chart.columns.map(({ name }) => name)
  if (given === undefined || given.join() === defined.join()) return texts
  const message = `${fileName} gives ${given.join(', ')}; here it is ${defined.join(', ')}`
  return [...texts, { pointer: '/mail/chart/columns', message }]
}

export const reportMailRules: Rule[] = [reportMail]
