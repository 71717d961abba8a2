/** Keeps the record of syncs, and tells the operators of what keeps a revision from running. */
import { hash } from 'node:crypto'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { JobChange, Sync, SyncCounts } from '../core/contracts/sync.ts'
import { JobsdError } from '../core/errors.ts'
import type { Accepted, Sources, Trusted } from './read-sources.ts'
import { toInstant } from './sync-changes.ts'
import {
  patienceMs,
  reasonOf,
  recoveryNotice,
  rewrittenNotice,
  troubleNotice,
  unverifiedNotice,
} from './sync-notices.ts'

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
  /** What was applied last. */
  accepted(): Accepted
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
  /** What trouble the operators were told of and is not over; see `keyOf`. */
  let told: string | undefined
  /** Since when the source could not be read. */
  let awaySinceMs: number | undefined
  let wasUnverified = false

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

  /** Tells of trouble unless this very trouble was told and is not over yet. */
  async function tellTrouble(sync: Sync, changes: JobChange[]): Promise<void> {
    const key = keyOf(sync, changes)
    if (told === key) return
    await tell(`sync:${key}:${sync.endedAt}`, troubleNotice(sync, description, changes))
    told = key
  }

  /** Keeps a sync that changed nothing. */
  async function keep(sync: Sync): Promise<void> {
    const isSame =
      last?.outcome === sync.outcome && last.reason === sync.reason && last.revision === sync.revision
    await ledger.recordSync(sync)
    last = isSame ? { ...sync, startedAt: last!.startedAt, times: last!.times + 1 } : sync
    const about = { source: description, revision: sync.revision ?? undefined, reason: sync.reason }
    log[isSame ? 'debug' : 'error'](about, `${sync.message}: the last good jobs run on`)
    if (sync.outcome === 'unread') awaySinceMs ??= clock.now().getTime()
    const awayMs = Math.abs(clock.now().getTime() - (awaySinceMs ?? 0))
    if (mayPass(sync) && awayMs < patienceMs) return
    await tellTrouble(sync, [])
  }

  /** Tells that trouble is over, if anybody was told of it. */
  async function recover(sync: Sync): Promise<void> {
    if (told === undefined) return
    await tell(`recovered:${sync.revision}:${sync.endedAt}`, recoveryNotice(sync, description))
    told = undefined
  }

  /** Signatures that are asked for and cannot be checked are no small thing: it is told, once for each source. */
  async function tellUnverified(): Promise<void> {
    const notice = unverifiedNotice(description)
    log.warn({ source: parts.source.description }, notice.message)
    await tell(`unverified:${hash('sha256', description, 'hex').slice(0, 12)}`, notice)
  }

  return {
    async restore() {
      last = (await ledger.syncs(1))[0]
      lastApplied = (await ledger.lastApplied()) ?? undefined
      if (lastApplied) lastReadMs = Date.parse(lastApplied.endedAt)
      told = readKey(await ledger.lastSyncNotice())
    },
    last: () => last,
    accepted: () => ({ revision: lastApplied?.revision ?? null, commit: lastApplied?.commit ?? null }),
    lastReadMs: () => lastReadMs,
    wasRead(nowMs) {
      lastReadMs = nowMs
      awaySinceMs = undefined
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
    async applied(sync, changes, { rewritten, isUnverified }) {
      const accepted = lastApplied?.revision
      if (isUnverified && !wasUnverified) await tellUnverified()
      wasUnverified = isUnverified
      if (sync.outcome === 'applied') await recover(sync)
      else await tellTrouble(sync, changes)
      if (rewritten && accepted) {
        log.warn({ accepted, revision: sync.revision }, 'the branch was rewritten: it is followed')
        await tell(
          `rewritten:${accepted}:${sync.revision}:${sync.endedAt}`,
          rewrittenNotice(sync, description, accepted),
        )
      }
      last = sync
      lastApplied = sync
    },
  }
}

/** Tells one trouble from another: the same revision may be broken in more jobs after an upgrade. */
function keyOf({ revision, reason }: Sync, changes: JobChange[]): string {
  const broken = changes.filter(({ snapshot }) => !snapshot).map(({ job, message }) => [job, message])
  const digest = hash('sha256', JSON.stringify(broken), 'hex').slice(0, 12)
  return `${revision}:${reason}:${digest}`
}

/** The key in the id of a notice that trouble began; undefined where the newest one says that it is over. */
function readKey(id: string | null): string | undefined {
  return id?.startsWith('sync:') ? /^sync:(.*:[0-9a-f]{12}):/.exec(id)?.[1] : undefined
}

/** A server that is away mostly comes back; a missing branch does not come by itself. */
function mayPass({ reason }: Sync): boolean {
  return reason === 'SourceUnreachable' || reason === 'ReadFailed'
}
