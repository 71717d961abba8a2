/** The customers' pages as of now, each made when it is asked for and kept for a moment. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ClientJobs } from '../catalog/read-input.ts'
import type { CatalogLedger } from '../catalog/read-job.ts'
import { createSiteKeeper, type SiteKeeper } from '../catalog/site-keeper.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { Changed } from '../runtime/note-changes.ts'
import { createTurns } from './turns.ts'

/** A page says when it was read; it is not older than that. */
const keptMs = 60_000
/** However often runs move on, a page is not made more often. */
const leastMs = 2_000
const maxBytes = 64 * 1024 * 1024

export interface LivePage {
  etag: string
  body: Buffer
  /** The same, made when it is asked for. */
  gzipped(): Promise<Buffer>
}

export interface LivePages {
  /** undefined: the client has no such page. Rejects with 'busy' where too many wait for theirs. */
  page(client: string, path: string): Promise<LivePage | undefined>
  /** To be told what changed. */
  note(changed: Changed): void
}

interface Kept {
  stamp: string
  madeMs: number
  page: LivePage
}

const zip = promisify(gzip)

export function createLivePages(
  ledger: CatalogLedger,
  clients: () => ReadonlyMap<string, ClientJobs>,
  clock: Clock,
): LivePages {
  const now = () => clock.now().getTime()
  const sites = new Map<string, { keeper: SiteKeeper; jobs: ClientJobs }>()
  /** Least used first. */
  const kept = new Map<string, Kept>()
  const making = new Map<string, Promise<LivePage | undefined>>()
  const takeTurn = createTurns(2, 100)
  let bytes = 0

  function keeperOf(client: string): SiteKeeper | undefined {
    const jobs = clients().get(client)
    if (!jobs) {
      sites.delete(client)
      return undefined
    }
    const known = sites.get(client)
    if (known?.jobs === jobs) return known.keeper
    const keeper = known?.keeper ?? createSiteKeeper(ledger, now)
    keeper.use(jobs)
    sites.set(client, { keeper, jobs })
    return keeper
  }

  function keep(key: string, stamp: string, content: string): LivePage {
    const page = toPage(content)
    drop(key)
    kept.set(key, { stamp, madeMs: now(), page })
    bytes += page.body.byteLength
    for (const oldest of kept.keys()) {
      if (bytes <= maxBytes) break
      drop(oldest)
    }
    return page
  }

  function drop(key: string): void {
    bytes -= kept.get(key)?.page.body.byteLength ?? 0
    kept.delete(key)
  }

  function find(key: string, stamp: string): LivePage | undefined {
    const known = kept.get(key)
    if (!known) return undefined
    const ageMs = now() - known.madeMs
    const isSame = known.stamp === stamp || (ageMs < leastMs && isSameDefinition(known.stamp, stamp))
    // A clock that was set back keeps nothing for longer.
    if (!isSame || Math.abs(ageMs) >= keptMs) return undefined
    kept.delete(key)
    kept.set(key, known)
    return known.page
  }

  return {
    async page(client, path) {
      const keeper = keeperOf(client)
      const stamp = keeper?.stamp(path)
      if (!keeper || stamp === undefined) return undefined
      const key = `${client}/${path}`
      const known = find(key, stamp)
      if (known) return known
      const begun = making.get(key)
      if (begun !== undefined) return begun
      const made = takeTurn(async () => {
        const content = await keeper.page(path)
        return content === undefined ? undefined : keep(key, stamp, content)
      }).finally(() => making.delete(key))
      making.set(key, made)
      return made
    },
    note(changed) {
      if (changed === null) return
      if (typeof changed !== 'string') {
        sites.delete(changed.client)
        for (const key of [...kept.keys()]) if (key.startsWith(`${changed.client}/`)) drop(key)
        return
      }
      const at = changed.indexOf('/')
      sites.get(changed.slice(0, at))?.keeper.touch(changed.slice(at + 1))
    },
  }
}

/** The first part of a stamp counts definitions. */
function isSameDefinition(a: string, b: string): boolean {
  return a.split(':', 1)[0] === b.split(':', 1)[0]
}

function toPage(content: string): LivePage {
  const body = Buffer.from(content)
  let zipped: Promise<Buffer> | undefined
  return {
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    body,
    gzipped() {
      zipped ??= zip(body)
      return zipped
    },
  }
}
