/** The templates of the catalog, and what each page shows. */
import { readFileSync } from 'node:fs'
import { spellCount } from '../core/spell-count.ts'
import { compilePage } from '../reports/template.ts'
import { joinWords } from './plain-words.ts'
import { layOutSteps } from './step-flow.ts'
import type { ClientView, JobView } from './views.ts'

interface Pages {
  list: (data: object) => string
  job: (data: object) => string
}

const partials = ['head', 'bar', 'foot', 'general', 'schedules', 'history', 'run-steps']
// In the order of the cascade.
const styles = ['base', 'tables', 'job', 'history', 'narrow', 'print']
let pages: Pages | undefined

/** Renders the list of a client's jobs. */
export function renderList(view: ClientView): string {
  return loadPages().list(listPage(view))
}

/** Renders one job's page. */
export function renderJob(view: ClientView, job: JobView): string {
  return loadPages().job(jobPage(view, job))
}

/** What the pages load besides themselves: relative path to content. */
export function loadAssets(): [string, string][] {
  const css = styles.map((name) => loadText(`styles/${name}.css`)).join('\n')
  return [
    ['assets/catalog.css', css],
    ['assets/catalog.js', loadText('catalog.js')],
  ]
}

function listPage(view: ClientView): object {
  const disabled = view.jobs.filter(({ isEnabled }) => !isEnabled).length
  const counts = [spellCount(view.jobs.length, 'job'), ...(disabled === 0 ? [] : [`${disabled} disabled`])]
  return { page: { title: `Jobs · ${view.title}`, root: '' }, view, summary: counts.join(', ') }
}

function jobPage(view: ClientView, job: JobView): object {
  return {
    page: { title: `${job.title} · ${view.title}`, root: '../' },
    view,
    job,
    flow: layOutSteps(job.steps),
    callCenters: joinWords(job.callCenters),
    shown: `The newest ${spellCount(job.runs.length, 'execution')}`,
  }
}

function loadPages(): Pages {
  if (pages !== undefined) return pages
  const texts = Object.fromEntries(partials.map((name) => [name, loadText(`${name}.hbs`)]))
  pages = {
    list: compilePage(loadText('index.hbs'), texts),
    job: compilePage(loadText('job.hbs'), texts),
  }
  return pages
}

function loadText(fileName: string): string {
  return readFileSync(new URL(`../../templates/catalog/${fileName}`, import.meta.url), 'utf8')
}
