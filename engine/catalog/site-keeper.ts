/** What a resident engine keeps of one client's site, so that one job's news costs little. */
import { setImmediate } from 'node:timers/promises'
import type { Client } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'
import { localDayAt } from '../core/zone.ts'
import { planDays } from './day-plan.ts'
import { type JobSummary, type KnownJob, summarizeJob, viewJob } from './job-view.ts'
import { listedPages, loadAssets, planPages, renderHelpPages, reportPages } from './pages.ts'
import type { ClientJobs } from './read-input.ts'
import { type CatalogLedger, readKnownJob } from './read-job.ts'
import { renderJobPage } from './site.ts'
import { nextExecution } from './trigger-view.ts'
import { type ClientView, composeView } from './views.ts'

/** Between two groups everything else has its turn. */
const readAtOnce = 8
/** What a site may hold. */
const sitePath =
  /^(index|jobs-\d{1,4}|jobs\/[a-z0-9-]{1,80}|calendar\/\d{4}-\d\d|help\/index|reports\/[a-z0-9-]{1,200})\.html$|^assets\/(catalog\.css|catalog\.js|jobs\.js)$|^calendar\/calendar\.ics$/

export type Page = [path: string, content: string]

export interface SiteKeeper {
  /** Takes over what is in force of the client. */
  use(jobs: ClientJobs): void
  /** To be told when a run of a job moved on. */
  touch(name: string): void
  /** Whether `changes` would leave something behind: everything has to be written, before the first time too. */
  needsWhole(): boolean
  /** Every page, the list last. */
  whole(): AsyncGenerator<Page>
  /** The pages that changed since the last time, the list last; nothing where nothing did. */
  changes(): AsyncGenerator<Page>
  /** Names the state of a page: while it stays, so does the page but for the time. undefined for no page of this site. */
  stamp(path: string): string | undefined
  /** One page as of now; undefined for none. */
  page(path: string): Promise<string | undefined>
}

export function createSiteKeeper(ledger: CatalogLedger, now: () => number): SiteKeeper {
  let client: Client | undefined
  let snapshots = new Map<string, Snapshot>()
  let invalid = new Set<string>()
  let summaries = new Map<string, JobSummary>()
  /** To be read anew. */
  const stale = new Set<string>()
  /** Their definition is new, so that the calendar and the reports are. */
  const redefined = new Set<string>()
  const touches = new Map<string, number>()
  let touched = 0
  let definitions = 0
  /** The client's day on which everything was written last; null where it has to be. */
  let wholeDay: number | null = null
  let loading: Promise<void> | undefined

  function own(): Client {
    if (!client) throw new RangeError('nothing of the client is known yet')
    return client
  }

  function snapshotOf(name: string): Snapshot {
    const snapshot = snapshots.get(name)
    if (!snapshot) throw new RangeError(`there is no job ${name}`)
    return snapshot
  }

  function compose(nowMs: number): ClientView {
    const shown = [...summaries.values()].filter(({ name }) => snapshots.has(name))
    return composeView(own(), shown, { snapshot: snapshotOf, known: refuseJob }, nowMs)
  }

  /** For pages that show no list of jobs. */
  function bareView(nowMs: number): ClientView {
    return composeView(own(), [], { snapshot: snapshotOf, known: refuseJob }, nowMs)
  }

  function read(name: string, nowMs: number): Promise<KnownJob> {
    return readKnownJob(own(), snapshotOf(name), invalid.has(name), ledger, nowMs)
  }

  /** Reads jobs and gives each with its summary renewed. What fails stays stale. */
  async function* renew(names: Iterable<string>, nowMs: number): AsyncGenerator<KnownJob> {
    const wanted = [...names].filter((name) => snapshots.has(name))
    for (let first = 0; first < wanted.length; first += readAtOnce) {
      const part = wanted.slice(first, first + readAtOnce)
      // Before they are read: what comes in meanwhile makes them stale once more.
      for (const name of part) stale.delete(name)
      let known: KnownJob[]
      try {
        known = await Promise.all(part.filter((name) => snapshots.has(name)).map((name) => read(name, nowMs)))
      } catch (error) {
        for (const name of part) stale.add(name)
        throw error
      }
      for (const job of known) {
        summaries.set(job.snapshot.manifest.name, summarizeJob(job, own(), nowMs))
        yield job
      }
      await setImmediate()
    }
  }

  /** The next moment of a job that was passed over without a run. */
  function replan(nowMs: number): void {
    const { timezone } = own()
    for (const [name, summary] of summaries) {
      const snapshot = snapshots.get(name)
      if (!snapshot || summary.next === null || Date.parse(summary.next.iso) > nowMs) continue
      const next = nextExecution(snapshot, timezone, nowMs)
      summaries.set(name, { ...summary, next, plan: planDays(snapshot, timezone, nowMs) })
    }
  }

  async function* whole(): AsyncGenerator<Page> {
    const nowMs = now()
    const day = localDayAt(own().timezone, nowMs)
    wholeDay = null
    redefined.clear()
    summaries = new Map([...summaries].filter(([name]) => snapshots.has(name)))
    const bare = bareView(nowMs)
    yield* loadAssets()
    yield* renderHelpPages(bare)
    for await (const job of renew(snapshots.keys(), nowMs))
      yield renderJobPage(bare, viewJob(job, own(), nowMs))
    const view = compose(nowMs)
    for (const [path, render] of [...planPages(view), ...reportPages(view), ...listedPages(view)]) {
      yield [path, render()]
      await setImmediate()
    }
    wholeDay = day
  }

  async function* changes(): AsyncGenerator<Page> {
    const nowMs = now()
    const names = new Set(stale)
    if (names.size === 0) return
    const areRedefined = [...names].some((name) => redefined.has(name))
    const before = new Map([...names].map((name) => [name, summaries.get(name)]))
    const bare = bareView(nowMs)
    let isResorted = false
    for await (const job of renew(names, nowMs)) {
      const { name, title, enabled } = job.snapshot.manifest
      // Every page of the list says how many are disabled.
      if (before.get(name)?.title !== title || before.get(name)?.isEnabled !== enabled) isResorted = true
      yield renderJobPage(bare, viewJob(job, own(), nowMs))
    }
    replan(nowMs)
    const view = compose(nowMs)
    const pages = [
      ...(areRedefined ? [...planPages(view), ...reportPages(view)] : []),
      ...listedPages(view, isResorted ? undefined : names),
    ]
    for (const [path, render] of pages) {
      yield [path, render()]
      await setImmediate()
    }
    for (const name of names) redefined.delete(name)
  }

  /** Reads what is stale; everything at first. */
  async function load(): Promise<void> {
    const nowMs = now()
    for await (const _ of renew([...stale], nowMs));
    replan(nowMs)
  }

  return {
    use(jobs) {
      if (client !== undefined && JSON.stringify(client) !== JSON.stringify(jobs.client)) {
        wholeDay = null
        for (const { manifest } of jobs.snapshots) stale.add(manifest.name)
        definitions += 1
      }
      client = jobs.client
      const nextInvalid = new Set(jobs.invalid.map(({ job }) => job.slice(job.indexOf('/') + 1)))
      const next = new Map(jobs.snapshots.map((snapshot) => [snapshot.manifest.name, snapshot]))
      for (const [name, snapshot] of next) {
        const isNew = snapshots.get(name)?.digest !== snapshot.digest
        if (!isNew && invalid.has(name) === nextInvalid.has(name)) continue
        stale.add(name)
        if (isNew) redefined.add(name)
        definitions += 1
      }
      for (const name of snapshots.keys()) {
        if (next.has(name)) continue
        wholeDay = null
        summaries.delete(name)
        definitions += 1
      }
      snapshots = next
      invalid = nextInvalid
    },
    touch(name) {
      stale.add(name)
      touches.set(name, (touches.get(name) ?? 0) + 1)
      touched += 1
    },
    needsWhole: () => wholeDay === null || wholeDay !== localDayAt(own().timezone, now()),
    whole,
    changes,
    stamp(path) {
      if (!sitePath.test(path)) return undefined
      const job = jobOf(path)
      const day = localDayAt(own().timezone, now())
      if (job !== undefined)
        return snapshots.has(job) ? `${definitions}:${touches.get(job) ?? 0}:${day}` : undefined
      return isListed(path) ? `${definitions}:all-${touched}:${day}` : `${definitions}:${day}`
    },
    async page(path) {
      const nowMs = now()
      const job = jobOf(path)
      if (job !== undefined) {
        if (!snapshots.has(job)) return undefined
        return renderJobPage(bareView(nowMs), viewJob(await read(job, nowMs), own(), nowMs))[1]
      }
      loading ??= load().finally(() => (loading = undefined))
      await loading
      const view = compose(nowMs)
      const found = [...loadAssets(), ...renderHelpPages(view)].find(([known]) => known === path)
      if (found) return found[1]
      const pages = path.startsWith('calendar/')
        ? planPages
        : path.startsWith('reports/')
          ? reportPages
          : listedPages
      return pages(view).find(([known]) => known === path)?.[1]()
    },
  }
}

/** Its history is not kept. */
function refuseJob(name: string): never {
  throw new RangeError(`${name} is read when it is asked for`)
}

function jobOf(path: string): string | undefined {
  return /^jobs\/([a-z0-9-]+)\.html$/.exec(path)?.[1]
}

function isListed(path: string): boolean {
  return path === 'index.html' || path === 'assets/jobs.js' || /^jobs-\d+\.html$/.test(path)
}
