/** Keeps the record of syncs, and tells the operators of what keeps a revision from running. */
import type { CommitFacts } from '../core/contracts/config-source.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { JobChange, Sync, SyncCounts } from '../core/contracts/sync.ts'
import { JobsdError } from '../core/errors.ts'
import type { Sources, Trusted } from './read-sources.ts'
import { toInstant } from './sync-changes.ts'
import { patienceMs, reasonOf, recoveryNotice, rewrittenNotice, troubleNotice } from './sync-notices.ts'

const noCounts: SyncCounts = {
  added: 0,
  changed: 0,
  renamed: 0,
  removed: 0,
  kept: 0,
  invalid: 0,
  unchanged: 0,
}

export interface SyncRecordParts extends Pick<Sources, 'source' | 'platform'> {
  ledger: Ledger
  clock: Clock
  log: Log
  onNotice(): void
}

export interface SyncRecord {
  restore(): Promise<void>
  /** The newest sync; undefined before the first. */
  last(): Sync | undefined
  /** The last revision that was applied. */
  accepted(): string | null
  /** Who made its commit; null where it came out of a plain folder. */
  acceptedCommit(): CommitFacts | null
  /** When the source was last read, in ms since 1970; null while it never was. */
  lastReadMs(): number | null
  /** Notes that the source could be read. */
  wasRead(nowMs: number): void
  /** Notes that the source holds what is in force already; ends an outage. */
  unchanged(): Promise<void>
  /** Records what keeps the source from being read, or a revision from running. */
  failed(
    outcome: 'unread' | 'refused',
    revision: string | null,
    error: unknown,
    startedMs: number,
  ): Promise<void>
  refuseEmpty(revision: string, trusted: Trusted, jobs: number, startedMs: number): Promise<void>
  describe(
    revision: string,
    trusted: Trusted,
    counts: SyncCounts,
    changes: JobChange[],
    startedMs: number,
  ): Sync
  /** Notes a sync that the ledger has; `changes` are those that the source and the guards ask for. */
  applied(sync: Sync, changes: JobChange[], trusted: Trusted): Promise<void>
}

export function createSyncRecord(parts: SyncRecordParts): SyncRecord {
  const { ledger, clock, log } = parts
  const description = parts.platform
    ? `${parts.source.description} + ${parts.platform.description}`
    : parts.source.description
  let last: Sync | undefined
  let lastApplied: Sync | undefined
  let lastReadMs: number | null = null
  const openedMs = clock.now().getTime()

  function createSync(
    revision: string | null,
    startedMs: number,
    facts: Pick<Sync, 'outcome' | 'reason' | 'message'> & Partial<Pick<Sync, 'counts' | 'commit'>>,
  ): Sync {
    const nowMs = clock.now().getTime()
    const times = { startedAt: toInstant(startedMs), endedAt: toInstant(nowMs) }
    const durationMs = Math.max(0, nowMs - startedMs)
    return { revision, counts: noCounts, commit: null, ...times, durationMs, times: 1, ...facts }
  }

  async function tell(id: string, notice: Parameters<Ledger['raiseNotice']>[1]): Promise<void> {
    await ledger.raiseNotice(id, notice, toInstant(clock.now().getTime()))
    parts.onNotice()
  }

  /** Keeps a sync that changed nothing. */
  async function keep(sync: Sync): Promise<void> {
    const isSame =
      last?.outcome === sync.outcome && last.message === sync.message && last.revision === sync.revision
    await ledger.recordSync(sync)
    last = isSame ? { ...sync, startedAt: last!.startedAt, times: last!.times + 1 } : sync
    const about = { source: description, revision: sync.revision ?? undefined, reason: sync.reason }
    log[isSame ? 'debug' : 'error'](about, `${sync.message}: the last good jobs run on`)
    const awayMs = clock.now().getTime() - (lastReadMs ?? openedMs)
    if (sync.outcome === 'unread' && awayMs < patienceMs) return
    const since = sync.outcome === 'unread' ? last.startedAt : sync.revision
    await tell(`sync:${since}:${sync.reason}`, troubleNotice(sync, description, []))
  }

  /** Tells that trouble is over, if anybody was told of it. */
  async function recover(sync: Sync): Promise<void> {
    if (!last || last.outcome === 'applied') return
    const lastedMs = Date.parse(last.endedAt) - Date.parse(last.startedAt)
    if (last.outcome === 'unread' && lastedMs < patienceMs) return
    await tell(`recovered:${sync.revision}:${last.startedAt}`, recoveryNotice(sync, description))
  }

  return {
    async restore() {
      const syncs = await ledger.syncs(100)
      last = syncs[0]
      lastApplied = syncs.find(({ outcome }) => outcome === 'applied' || outcome === 'partly')
      const readAt = syncs.find(({ outcome }) => outcome !== 'unread')?.endedAt
      lastReadMs = readAt ? Date.parse(readAt) : null
    },
    last: () => last,
    accepted: () => lastApplied?.revision ?? null,
    acceptedCommit: () => lastApplied?.commit ?? null,
    lastReadMs: () => lastReadMs,
    wasRead(nowMs) {
      lastReadMs = nowMs
    },
    async unchanged() {
      if (!lastApplied || last?.outcome === 'applied' || last?.outcome === 'partly') return
      const endedAt = toInstant(clock.now().getTime())
      const sync = {
        ...lastApplied,
        counts: { ...noCounts },
        times: 1,
        startedAt: endedAt,
        endedAt,
        durationMs: 0,
      }
      await ledger.recordSync(sync)
      if (sync.outcome === 'applied') await recover(sync)
      last = sync
    },
    async failed(outcome, revision, error, startedMs) {
      const { message } = error as Error
      const code = error instanceof JobsdError ? error.code : undefined
      if (!code) log.error({ stack: (error as Error).stack }, 'a bug: not an error of the table')
      await keep(createSync(revision, startedMs, { outcome, reason: reasonOf(code), message }))
    },
    async refuseEmpty(revision, { commit }, jobs, startedMs) {
      const message = `the source holds no job at all, ${jobs} run`
      await keep(createSync(revision, startedMs, { outcome: 'refused', reason: 'NoJobs', message, commit }))
    },
    describe(revision, { commit }, counts, changes, startedMs) {
      const [first] = changes.filter(({ sync }) => sync === 'Invalid')
      const isWhole = counts.invalid === 0 && counts.kept === 0
      const message = first
        ? `${first.job}: ${first.message}`
        : counts.kept > 0
          ? `${counts.kept} jobs are gone from the source, more than maxRemovals allows at once`
          : ''
      const reason = isWhole ? 'Applied' : first ? 'InvalidManifests' : 'RemovalsHeld'
      const outcome = isWhole ? 'applied' : 'partly'
      return createSync(revision, startedMs, { outcome, reason, message, counts, commit })
    },
    async applied(sync, changes, { rewritten }) {
      const accepted = lastApplied?.revision
      if (sync.outcome === 'applied') await recover(sync)
      else await tell(`sync:${sync.revision}:${sync.reason}`, troubleNotice(sync, description, changes))
      if (rewritten && accepted) {
        log.warn({ accepted, revision: sync.revision }, 'the branch was rewritten: it is followed')
        await tell(`rewritten:${accepted}:${sync.revision}`, rewrittenNotice(sync, description, accepted))
      }
      last = sync
      lastApplied = sync
    },
  }
}
