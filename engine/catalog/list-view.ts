/** The list of jobs, in pages where it is long, and what the filter searches. */
import { spellCount } from '../core/spell-count.ts'
import type { JobSummary } from './job-view.ts'
import { words } from './words.ts'

/** Longer lists come in pages of so many: a browser shows them at once, and the filter still finds all. */
const pageSize = 500

export interface ListPage {
  path: string
  jobs: readonly JobSummary[]
  /** Empty for a list that fits on one page. */
  label: string
  previous: string
  next: string
  /** The script that holds every job for the filter; empty where they are all on the page. */
  index: string
  summary: string
}

/** At least one page, the first is `index.html`. */
export function listPages(jobs: readonly JobSummary[]): ListPage[] {
  const count = Math.max(1, Math.ceil(jobs.length / pageSize))
  const disabled = jobs.filter(({ isEnabled }) => !isEnabled).length
  const counts = [
    spellCount(jobs.length, 'job'),
    ...(disabled === 0 ? [] : [`${disabled} ${words.list.disabled}`]),
  ]
  return Array.from({ length: count }, (_, at) => ({
    path: pathOf(at),
    jobs: jobs.slice(at * pageSize, (at + 1) * pageSize),
    label: count === 1 ? '' : words.list.page(at + 1, count),
    previous: at === 0 ? '' : pathOf(at - 1),
    next: at === count - 1 ? '' : pathOf(at + 1),
    index: count === 1 ? '' : 'assets/jobs.js',
    summary: counts.join(', '),
  }))
}

function pathOf(at: number): string {
  return at === 0 ? 'index.html' : `jobs-${at + 1}.html`
}

/**
 * Every job as the filter needs it where the list has pages: `[name, title, category, trigger, schedule, outcome, tone,
 * last, next, waits, enabled]` each. A script, since a page under file:// can load nothing else.
 */
export function renderIndex(jobs: readonly JobSummary[]): string {
  return `self.jobsIndex=[${jobs.map(indexLine).join(',\n')}]\n`
}

// One job's news changes one line of ten thousand.
const lines = new WeakMap<JobSummary, string>()

function indexLine(job: JobSummary): string {
  const known = lines.get(job)
  if (known !== undefined) return known
  const line = JSON.stringify([
    job.name,
    job.title,
    job.category,
    job.trigger.type,
    job.trigger.words.join('; '),
    job.last?.outcome.label ?? '',
    job.last?.outcome.tone ?? '',
    job.last?.at.text ?? '',
    job.next?.text ?? '',
    job.next === null ? job.trigger.waitsFor : '',
    job.isEnabled ? 1 : 0,
  ])
  lines.set(job, line)
  return line
}
