/** A chart's figures in words: its alternative text. */
import type { Column } from '../core/manifest.ts'
import type { Chart } from '../core/report-overview.ts'
import { decimalsOf } from './formats/cell.ts'

/** More points than this are told by their ends. */
const allTold = 12

/** `Calls by hour. Calls: 08:00 12, 09:00 40.`, or of many points `highest 40 (09:00), lowest 2 (22:00)`. */
export function describeChart(
  { title, labels, series, locale }: Omit<Chart, 'alt'>,
  columns: Column[],
): string {
  const sentences = series.map(({ title: name, values, isPercent }, at) => {
    const maximumFractionDigits = decimalsOf(columns[at]!)
    const unit = { style: 'unit', unit: 'percent' } as const
    const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits, ...(isPercent && unit) })
    const known = values.flatMap((value, index) => (value === null ? [] : [{ value, label: labels[index]! }]))
    if (known.length === 0) return `${name}: no figures.`
    const told =
      known.length <= allTold
        ? known.map(({ value, label }) => `${label} ${numbers.format(value)}`)
        : endsOf(known).map(({ word, value, label }) => `${word} ${numbers.format(value)} (${label})`)
    return `${name}: ${told.join(', ')}.`
  })
  return [`${title}.`, ...sentences].join(' ')
}

function endsOf(points: { value: number; label: string }[]) {
  const highest = points.reduce((best, point) => (point.value > best.value ? point : best))
  const lowest = points.reduce((best, point) => (point.value < best.value ? point : best))
  return [
    { word: 'highest', ...highest },
    { word: 'lowest', ...lowest },
  ]
}
