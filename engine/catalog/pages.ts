/** The templates of the catalog, and what each page shows. */
import { readFileSync } from 'node:fs'
import { spellCount } from '../core/spell-count.ts'
import { compilePage } from '../reports/template.ts'
import type { CalendarMonth } from './calendar-view.ts'
import { helpView } from './help-view.ts'
import type { JobView } from './job-view.ts'
import { type ListPage, listPages, renderIndex } from './list-view.ts'
import { joinWords } from './plain-words.ts'
import type { ReportView } from './reports-view.ts'
import { layOutSteps } from './step-flow.ts'
import type { ClientView } from './views.ts'
import { words } from './words.ts'

const pageNames = ['index', 'job', 'calendar', 'reports', 'report', 'help'] as const
type PageName = (typeof pageNames)[number]

const partials = [
  'head',
  'bar',
  'foot',
  'today',
  'job-row',
  'general',
  'schedules',
  'history',
  'history-days',
  'last-steps',
  'run-steps',
]
const styles = ['base', 'tables', 'today', 'job', 'history', 'calendar', 'help', 'narrow', 'print']
const scripts = ['catalog', 'filter']
let compiled: Record<PageName, (data: object) => string> | undefined

/** A page that is made when it is asked for. */
export type LazyPage = [path: string, render: () => string]

/** Pages that change with any job: the list, the calendar and the reports. Relative path to content. */
export function renderSharedPages(view: ClientView): [string, string][] {
  return [...planPages(view), ...reportPages(view), ...listedPages(view)].map(([path, render]) => [
    path,
    render(),
  ])
}

/** What is expected: pages that change with schedules and days. */
export function planPages(view: ClientView): LazyPage[] {
  return [
    ...view.calendar.map((month): LazyPage => [calendarPath(month), () => renderMonth(view, month)]),
    ['calendar/calendar.ics', () => view.feed],
  ]
}

/** Reports and their columns: pages that change with definitions. */
export function reportPages(view: ClientView): LazyPage[] {
  return [
    ...view.reports.map(
      (report): LazyPage => [
        `reports/${report.page}.html`,
        () =>
          render('report', view, {
            title: report.title,
            root: '../',
            here: 'reports',
            report,
            columnsCaption: words.reports.columnsCaption(report.title),
            sampleCaption: words.reports.sampleCaption(report.title),
          }),
      ],
    ),
    ['reports/index.html', () => renderReports(view, view.reports)],
  ]
}

/** The list: pages that change with each run; `index.html` is the last. With `jobs` only those that show any of these. */
export function listedPages(view: ClientView, jobs?: ReadonlySet<string>): LazyPage[] {
  const pages = listPages(view.jobs)
  const isWanted = ({ path, jobs: listed }: ListPage) =>
    jobs === undefined || path === 'index.html' || listed.some(({ name }) => jobs.has(name))
  return [
    ...(pages.length > 1 ? [['assets/jobs.js', () => renderIndex(view.jobs)] as LazyPage] : []),
    ...pages
      .filter(isWanted)
      .toReversed()
      .map((page): LazyPage => [page.path, () => renderList(view, page, pages.length)]),
  ]
}

/** Pages that no job changes. */
export function renderHelpPages(view: ClientView): [string, string][] {
  return [
    [
      'help/index.html',
      render('help', view, { title: words.help.title, root: '../', here: 'help', help: helpView }),
    ],
  ]
}

/** One job's page. */
export function renderJob(view: ClientView, job: JobView): string {
  const { general, schedules, history } = words
  const { path } = job
  const flow = layOutSteps(job.steps, path?.steps)
  return render('job', view, {
    title: job.title,
    root: '../',
    here: 'jobs',
    job,
    flow,
    callCenters: joinWords(job.callCenters),
    texts: {
      stepsCaption: general.stepsCaption(job.title),
      since: job.since === null ? '' : general.since(job.since.text),
      flow: general.flow(flow.hasFailure),
      walked: path && path.steps.length > 0 ? general.walked(path.startedAt.text, path.callCenter) : '',
      schedulesCaption: schedules.caption(job.title),
      newest: history.newest(spellCount(job.runs.length, 'execution')),
      historyCaption: history.caption(job.title),
      lastStepsCaption: history.lastStepsCaption(job.title),
    },
  })
}

/** What the pages load besides themselves. */
export function loadAssets(): [string, string][] {
  const css = readStyles().join('\n')
  const js = scripts.map((name) => loadText(`${name}.js`)).join('\n')
  return [
    ['assets/catalog.css', css],
    ['assets/catalog.js', js],
  ]
}

/** In the order of the cascade. */
export function readStyles(): string[] {
  return styles.map((name) => loadText(`styles/${name}.css`))
}

function renderList(view: ClientView, page: ListPage, pageCount: number): string {
  return render('index', view, {
    title: words.list.title,
    root: '',
    here: 'jobs',
    list: page,
    isFirst: page.previous === '',
    isPaged: pageCount > 1,
    caption: words.list.caption(view.title),
  })
}

function renderMonth(view: ClientView, month: CalendarMonth): string {
  return render('calendar', view, {
    title: `${words.calendar.title}, ${month.title}`,
    root: '../',
    here: 'calendar',
    month,
    months: view.calendar.map(({ id, title }) => ({ id, title, isThis: id === month.id })),
    caption: words.calendar.caption(month.title),
  })
}

function renderReports(view: ClientView, reports: ReportView[]): string {
  return render('reports', view, { title: words.reports.title, root: '../', here: 'reports', reports })
}

function calendarPath({ id }: CalendarMonth): string {
  return `calendar/${id}.html`
}

interface PageData {
  title: string
  /** The way to the site's root. */
  root: string
  here: keyof typeof words.nav
  [shown: string]: unknown
}

function render(name: PageName, view: ClientView, { title, root, here, ...data }: PageData): string {
  const nav = [
    { here: 'jobs', href: `${root}index.html`, text: words.nav.jobs },
    { here: 'calendar', href: `${root}calendar/${view.month}.html`, text: words.nav.calendar },
    { here: 'reports', href: `${root}reports/index.html`, text: words.nav.reports },
    { here: 'help', href: `${root}help/index.html`, text: words.nav.help },
  ].map((item) => ({ ...item, isHere: item.here === here }))
  const page = { title: `${title} · ${view.title}`, root, nav, foot: words.foot(view.timezone) }
  return loadPages()[name]({ page, view, words, ...data })
}

function loadPages(): Record<PageName, (data: object) => string> {
  if (compiled !== undefined) return compiled
  const texts = Object.fromEntries(partials.map((name) => [name, loadText(`${name}.hbs`)]))
  compiled = Object.fromEntries(
    pageNames.map((name) => [name, compilePage(loadText(`${name}.hbs`), texts)]),
  ) as Record<PageName, (data: object) => string>
  return compiled
}

function loadText(fileName: string): string {
  return readFileSync(new URL(`../../templates/catalog/${fileName}`, import.meta.url), 'utf8')
}
