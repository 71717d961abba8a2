/** Cells as a mail writes them: as people of a locale do, moments as short as they can be told apart. */
import type { Column } from '../core/manifest.ts'
import { localDayAt } from '../core/zone.ts'
import { type Cell, msOf } from './formats/cell.ts'
import { createPeopleText } from './formats/people-text.ts'

/**
 * The text of one column's cells; null is empty. Where `all` of them are given and lie within one local day, moments
 * are written without it.
 */
export function createMailText(
  column: Column,
  locale: string,
  timezone: string,
  all: readonly Cell[] = [],
): (cell: Cell) => string {
  const write = createPeopleText(column, locale, timezone)
  const days = new Set(all.flatMap((cell) => (isMoment(cell) ? [localDayAt(timezone, msOf(cell))] : [])))
  const day = { day: 'numeric', month: 'short' } as const
  const time = { hour: '2-digit', minute: '2-digit' } as const
  const times = new Intl.DateTimeFormat(locale, {
    ...(days.size === 1 ? time : { ...day, ...time }),
    timeZone: timezone,
  })
  const dates = new Intl.DateTimeFormat(locale, { ...day, timeZone: 'UTC' })
  return (cell) => {
    if (isMoment(cell)) return times.format(msOf(cell))
    if (all.length > 0 && cell !== null && typeof cell === 'object' && 'days' in cell)
      return dates.format(cell.days * 86_400_000)
    return write(cell)
  }
}

function isMoment(cell: Cell): cell is { micros: bigint } {
  return cell !== null && typeof cell === 'object' && 'micros' in cell
}
