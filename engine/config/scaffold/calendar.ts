import type { Calendar } from '../../core/manifest.ts'
import { calendarFile } from '../layout.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'

/** Writes a calendar's manifest. */
export function writeCalendar(calendar: Omit<Calendar, 'apiVersion' | 'kind'>): NewFile {
  return writeManifest(
    calendarFile(calendar.name),
    { apiVersion: 'jobsd/v1', kind: 'Calendar', ...calendar },
    { '/holidays': 'One line a day: - { date: "2026-12-25", title: Christmas Day }' },
  )
}
