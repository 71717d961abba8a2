/** Keeps the clients' static sites up to date while the engine runs. */
import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Instant, JobId } from '../core/model.ts'
import type { ClientJobs } from './read-input.ts'
import type { CatalogLedger } from './read-job.ts'
import { createSiteKeeper, type Page, type SiteKeeper } from './site-keeper.ts'

/** News are collected for so long: a run ends with several writes, and many runs end together. */
const collectMs = 2_000
/** Writing takes no more than a quarter of the time, so that runs come first. */
const restTimes = 3
/** Looked at again without news: the day may have changed. */
const lookMs = 600_000
const firstAgainMs = 5_000
const lastAgainMs = 300_000

/** Where one client's pages go. */
export interface SiteTarget {
  /** Writes pages in their order; with `isWhole` what is not among them is taken away. Returns how many were written. */
  write(client: string, pages: AsyncIterable<Page>, isWhole: boolean): Promise<number>
}

export interface PublisherParts {
  ledger: CatalogLedger
  clock: Clock
  log: Log
  /** What is in force, by client. */
  clients(): ReadonlyMap<string, ClientJobs>
  /** undefined: nothing is published now. Another object is another place. */
  target(): SiteTarget | undefined
  /** Tells the operators once that a client's pages cannot be written. */
  tell(client: string, reason: string, since: Instant): void
}

export interface Publisher {
  /** To be told what changed: a job whose run moved on, a client, or null for whatever there is. */
  note(changed: JobId | { client: string } | null): void
  /** Publishes until the signal aborts. Never rejects: what fails is logged, told and tried again. */
  follow(signal: AbortSignal): Promise<void>
}

interface Site {
  keeper: SiteKeeper
  /** What was written may be incomplete. */
  isBroken: boolean
  failures: number
  failingSince: Instant | null
  againAtMs: number
}

export function createPublisher(parts: PublisherParts): Publisher {
  const { ledger, clock, log } = parts
  const sites = new Map<string, Site>()
  let wake: AbortController | undefined
  let hasNews = true
  let lastTarget: SiteTarget | undefined

  function siteOf(name: string): Site {
    const known = sites.get(name)
    if (known) return known
    const keeper = createSiteKeeper(ledger, () => clock.now().getTime())
    const site = { keeper, isBroken: false, failures: 0, failingSince: null, againAtMs: 0 }
    sites.set(name, site)
    return site
  }

  async function publish(target: SiteTarget, signal: AbortSignal): Promise<void> {
    for (const [name, jobs] of parts.clients()) {
      if (signal.aborted) return
      const site = siteOf(name)
      site.keeper.use(jobs)
      if (site.againAtMs > clock.now().getTime()) continue
      await publishSite(name, site, target, signal)
    }
  }

  async function publishSite(
    client: string,
    site: Site,
    target: SiteTarget,
    signal: AbortSignal,
  ): Promise<void> {
    const { keeper } = site
    const isWhole = site.isBroken || keeper.needsWhole()
    try {
      const pages = isWhole ? keeper.whole() : keeper.changes()
      const written = await target.write(client, untilAborted(pages, signal), isWhole)
      if (site.isBroken) log.info({ client }, 'its pages are published again')
      if (written > 0) log.debug({ client, written, isWhole }, 'pages published')
      Object.assign(site, { isBroken: false, failures: 0, failingSince: null, againAtMs: 0 })
    } catch (error) {
      if (signal.aborted) return
      const nowMs = clock.now().getTime()
      const { message, stack } = error as Error
      site.isBroken = true
      site.failures += 1
      site.againAtMs = nowMs + Math.min(firstAgainMs * 2 ** (site.failures - 1), lastAgainMs)
      const reason = error instanceof JobsdError ? message : 'an error inside jobsd'
      if (site.failingSince !== null) return
      site.failingSince = new Date(nowMs).toISOString()
      log.error(
        { client, reason, ...(!(error instanceof JobsdError) && { stack }) },
        'its pages cannot be published',
      )
      parts.tell(client, reason, site.failingSince)
    }
  }

  /** Until there is news, or something is to be tried again. */
  async function rest(signal: AbortSignal): Promise<void> {
    const nowMs = clock.now().getTime()
    const again = [...sites.values()].flatMap(({ againAtMs }) => (againAtMs > 0 ? [againAtMs - nowMs] : []))
    const forMs = Math.max(0, Math.min(lookMs, ...again))
    wake = new AbortController()
    if (!hasNews) await sleep(forMs, AbortSignal.any([signal, wake.signal]))
    wake = undefined
  }

  /** Ends early by the signal. */
  async function sleep(forMs: number, signal: AbortSignal): Promise<void> {
    await clock.sleep(forMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }

  return {
    note(changed) {
      if (typeof changed === 'string') {
        const at = changed.indexOf('/')
        sites.get(changed.slice(0, at))?.keeper.touch(changed.slice(at + 1))
      } else if (changed !== null) {
        const site = sites.get(changed.client)
        if (site) site.isBroken = true
      }
      hasNews = true
      wake?.abort()
    },
    async follow(signal) {
      while (!signal.aborted) {
        await rest(signal)
        if (signal.aborted) return
        await sleep(collectMs, signal)
        if (signal.aborted) return
        hasNews = false
        const startedMs = clock.now().getTime()
        const target = parts.target()
        // Nothing is known of what lies at another place.
        if (target !== lastTarget) sites.clear()
        lastTarget = target
        if (target) await publish(target, signal)
        await sleep((clock.now().getTime() - startedMs) * restTimes, signal)
      }
    },
  }
}

async function* untilAborted(pages: AsyncIterable<Page>, signal: AbortSignal): AsyncGenerator<Page> {
  for await (const page of pages) {
    signal.throwIfAborted()
    yield page
  }
}
