/** The machine format json: one array, an object of each row on a line of its own, keys are the columns' names. */
import type { Column } from '../../core/manifest.ts'
import { type Cell, type Cells, createTimeText, decimalsOf, formatDay, formatNumber } from './cell.ts'

/** Numbers have the column's decimals, as in csv; timestamps are RFC 3339 at the zone's offset. */
export function createJsonRows(columns: readonly Column[], timezone: string) {
  const texts = columns.map((column) => createValueText(column, timezone))
  const keys = columns.map(({ name }, at) => `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  let isFirst = true
  return {
    rows(cells: Cells): string {
      let rows = ''
      const count = cells[0]?.length ?? 0
      for (let row = 0; row < count; row++) {
        rows += isFirst ? '[\n' : ',\n'
        isFirst = false
        for (let at = 0; at < keys.length; at++) rows += keys[at] + texts[at]!(cells[at]![row]!)
        rows += '}'
      }
      return rows
    },
    end: () => (isFirst ? '[]\n' : '\n]\n'),
  }
}

function createValueText(column: Column, timezone: string): (cell: Cell) => string {
  const decimals = decimalsOf(column)
  const toTime = createTimeText(timezone)
  return (cell) => {
    if (cell === null) return 'null'
    if (typeof cell === 'string') return JSON.stringify(cell)
    if (typeof cell === 'boolean') return String(cell)
    if (typeof cell === 'object' && 'micros' in cell) return `"${toTime(cell)}"`
    if (typeof cell === 'object' && 'days' in cell) return `"${formatDay(cell)}"`
    return formatNumber(cell, decimals) || 'null'
  }
}
