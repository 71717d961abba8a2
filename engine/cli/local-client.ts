/** Commands where no engine runs: a short-lived engine for what acts, the ledger alone for what only reads. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId, RunDetail, Snapshot } from '../core/model.ts'
import { readBounceList } from '../runtime/bounces.ts'
import type { Engine } from '../runtime/engine.ts'
import { describeProvenance } from '../runtime/provenance.ts'
import { readStatus } from '../runtime/status.ts'
import type { EngineClient } from './parts.ts'

export function connectEngine(engine: Engine, close: () => Promise<void>): EngineClient {
  return {
    isRunning: false,
    status: () => engine.status(),
    runs: ({ job, limit }) => engine.runs({ limit, ...(job && { job: job as JobId }) }),
    runDetail: (id) => engine.runDetail(id).then((run) => known(run, id)),
    provenance: (id) => engine.provenance(id),
    repeats: (id) => engine.repeats(id),
    resend: (request) => engine.resend(request),
    rerun: (request) => engine.rerun(request),
    async cancel({ run, who, why }) {
      await engine.cancel(run, { who, why })
    },
    bounces: () => engine.bounces.list(),
    clearBounces: (request) => engine.bounces.clear(request),
    run: (request) => engine.run(request),
    hold: async (action, request) => ({ ...(await engine.holds[action](request)) }),
    emit: ({ type }) => refuse(`${type} needs a running engine`),
    close,
  }
}

export function connectLedger(ledger: Ledger, clock: Clock, source: string): EngineClient {
  return {
    isRunning: false,
    async status() {
      const [records, held, syncs] = await Promise.all([ledger.jobs(), ledger.holds(), ledger.syncs(100)])
      // It was read then at the latest; only the engine knows of looks that found nothing new.
      const readAt = syncs.find(({ outcome }) => outcome !== 'unread')?.endedAt
      const readMs = readAt ? Date.parse(readAt) : null
      const snapshots = await ledger.snapshots(records.flatMap((record) => record.snapshot ?? []))
      const active = new Map(
        snapshots.map((snapshot: Snapshot) => [snapshot.job, { snapshot, revision: '' }]),
      )
      return readStatus(ledger, { sources: [source], active, held, readMs }, clock.now().getTime())
    },
    runs: ({ job, limit }) => ledger.runs({ limit, ...(job && { job: job as JobId }) }),
    runDetail: (id) => ledger.run(id).then((run) => known(run, id)),
    provenance: (id) => describeProvenance(ledger, id),
    hold: (action, { job }) =>
      Promise.reject(new JobsdError('BAD_REQUEST', { reason: `a reader cannot ${action} ${job}` })),
    repeats: (id) => ledger.repeats(id),
    resend: ({ run }) => refuse(`run ${run} cannot be sent again by a reader`),
    rerun: ({ run }) => refuse(`run ${run} cannot be run again by a reader`),
    cancel: ({ run }) => refuse(`run ${run} cannot be cancelled by a reader`),
    bounces: () => readBounceList(ledger),
    clearBounces: ({ address }) => refuse(`${address} cannot be cleared by a reader`),
    run: ({ job }) =>
      Promise.reject(new JobsdError('BAD_REQUEST', { reason: `${job} cannot be run by a reader` })),
    emit: ({ type }) => refuse(`${type} cannot be posted by a reader`),
    close: () => ledger.close(),
  }
}

function refuse(reason: string): Promise<never> {
  return Promise.reject(new JobsdError('BAD_REQUEST', { reason }))
}

function known(run: RunDetail | undefined, id: string): RunDetail {
  if (!run) throw new JobsdError('RUN_UNKNOWN', { run: id })
  return run
}
