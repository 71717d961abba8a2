/** Everything that is expected as an iCalendar file (RFC 5545). */
import { createHash } from 'node:crypto'
import type { PlannedJob } from './calendar-view.ts'
import { words } from './words.ts'

/** Calendars of people take no more. */
const maxEvents = 5000

/**
 * The feed of what is planned: an event for each schedule and day, at its first moment; what is skipped is left out, and
 * what is beyond the earliest 5,000. The same input gives the same bytes.
 */
export function renderFeed(title: string, jobs: readonly PlannedJob[], nowMs: number): string {
  const stamp = toUtc(nowMs)
  const lines = earliest(jobs).flatMap(({ job, atMs, times, schedule }) => [
    'BEGIN:VEVENT',
    `UID:${uidOf(job.name, schedule, atMs)}`,
    `DTSTAMP:${stamp}`,
    `DTSTART:${toUtc(atMs)}`,
    `SUMMARY:${escapeText(job.title)}`,
    ...(times > 1 ? [`DESCRIPTION:${escapeText(words.calendar.times(String(times)))}`] : []),
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ])
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//jobsd//catalog//EN',
    `X-WR-CALNAME:${escapeText(title)}`,
    ...lines,
    'END:VCALENDAR',
    '',
  ]
    .map(fold)
    .join('\r\n')
}

/** By days, so that ten thousand jobs are not all sorted for the few that fit. */
function earliest(jobs: readonly PlannedJob[]) {
  const counts = new Map<number, number>()
  for (const { plan } of jobs)
    for (const { day, isSkipped } of plan) if (!isSkipped) counts.set(day, (counts.get(day) ?? 0) + 1)
  let lastDay = Number.NEGATIVE_INFINITY
  let count = 0
  for (const day of [...counts.keys()].sort((a, b) => a - b)) {
    if (count >= maxEvents) break
    lastDay = day
    count += counts.get(day) ?? 0
  }
  return jobs
    .flatMap((job) =>
      job.plan
        .filter(({ day, isSkipped }) => !isSkipped && day <= lastDay)
        .map((planned) => ({ ...planned, job })),
    )
    .sort((a, b) => a.atMs - b.atMs)
    .slice(0, maxEvents)
}

/** A UUID of version 8: the same event keeps it, and it says nothing of the job. */
function uidOf(job: string, schedule: string, atMs: number): string {
  const digest = createHash('sha256').update(`${job}\n${schedule}\n${atMs}`).digest('hex')
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`]
  return [...parts, `8${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-')
}

function toUtc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function escapeText(text: string): string {
  return text
    .replace(/[\\;,]/g, (sign) => `\\${sign}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/\p{Cc}/gu, ' ')
}

/** No line is longer than 75 octets; characters are not cut. */
function fold(line: string): string {
  let folded = ''
  let octets = 0
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > 75) {
      folded += '\r\n '
      octets = 1
    }
    folded += character
    octets += size
  }
  return folded
}
