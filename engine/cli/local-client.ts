/** Commands where no engine runs: a short-lived engine for what acts, the ledger alone for what only reads. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId, RunDetail, Snapshot } from '../core/model.ts'
import type { Engine } from '../runtime/engine.ts'
import { readStatus } from '../runtime/status.ts'
import type { EngineClient } from './parts.ts'

export function connectEngine(engine: Engine, close: () => Promise<void>): EngineClient {
  return {
    status: () => engine.status(),
    runs: ({ job, limit }) => engine.runs({ limit, ...(job && { job: job as JobId }) }),
    runDetail: (id) => engine.runDetail(id).then((run) => known(run, id)),
    run: (request) => engine.run(request),
    emit: (type) =>
      Promise.reject(new JobsdError('BAD_REQUEST', { reason: `${type} needs a running engine` })),
    close,
  }
}

export function connectLedger(ledger: Ledger, clock: Clock, source: string): EngineClient {
  return {
    async status() {
      const [records, held] = await Promise.all([ledger.jobs(), ledger.holds()])
      const snapshots = await ledger.snapshots(records.flatMap((record) => record.snapshot ?? []))
      const active = new Map(
        snapshots.map((snapshot: Snapshot) => [snapshot.job, { snapshot, revision: '' }]),
      )
      return readStatus(ledger, { sources: [source], active, held, readMs: null }, clock.now().getTime())
    },
    runs: ({ job, limit }) => ledger.runs({ limit, ...(job && { job: job as JobId }) }),
    runDetail: (id) => ledger.run(id).then((run) => known(run, id)),
    run: ({ job }) =>
      Promise.reject(new JobsdError('BAD_REQUEST', { reason: `${job} cannot be run by a reader` })),
    emit: (type) =>
      Promise.reject(new JobsdError('BAD_REQUEST', { reason: `${type} cannot be posted by a reader` })),
    close: () => ledger.close(),
  }
}

function known(run: RunDetail | undefined, id: string): RunDetail {
  if (!run) throw new JobsdError('RUN_UNKNOWN', { run: id })
  return run
}
