/** Prometheus metrics, read from the engine when asked. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Clock } from '../core/contracts/services.ts'
import type { Engine } from '../runtime/engine.ts'
import type { Status } from '../runtime/status.ts'
import type { EventCount } from './events.ts'
import { createSyncCounter } from './sync-counter.ts'

export interface Metrics {
  contentType: string
  render(): Promise<string>
  /** Counts an event by what came of it. */
  countEvent(outcome: EventCount): void
}

type Read = Pick<Engine, 'status' | 'queueSize' | 'sync' | 'bounces'>

export function createMetrics(engine: Read, clock: Clock): Metrics {
  const registry = new Registry()
  const showJobs = createJobMetrics(registry)
  const showSource = createSourceMetrics(registry)
  const countSyncs = createSyncMetrics(registry, clock)
  const runs = new Gauge({
    name: 'jobsd_runs',
    help: 'Runs that have not ended.',
    labelNames: ['state'] as const,
    registers: [registry],
  })
  const events = new Counter({
    name: 'jobsd_events_total',
    help: 'Requests with an event, by what came of them, since the engine started.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const bounces = new Counter({
    name: 'jobsd_bounces_total',
    help: 'Mails that came back, by what they are worth, since the engine started.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const returned = new Gauge({
    name: 'jobsd_returned_recipients',
    help: 'Recipients whose mails came back, until somebody clears them.',
    registers: [registry],
  })
  return {
    countEvent: (outcome) => events.inc({ outcome }),
    contentType: registry.contentType,
    async render() {
      const { waiting, working } = engine.queueSize()
      runs.set({ state: 'waiting' }, waiting)
      runs.set({ state: 'working' }, working)
      bounces.reset()
      for (const [outcome, count] of Object.entries(engine.bounces.counts())) bounces.inc({ outcome }, count)
      const [status, { last, lastReadMs }] = [await engine.status(), engine.sync()]
      returned.set(status.returned.length)
      showJobs(status.jobs)
      showSource(status.source.ok, lastReadMs, clock.now().getTime())
      countSyncs(status.syncs, last)
      return registry.metrics()
    },
  }
}

function createJobMetrics(registry: Registry): (jobs: Status['jobs']) => void {
  const registers = [registry]
  const jobs = new Gauge({
    name: 'jobsd_jobs',
    help: 'Jobs by sync state and health.',
    labelNames: ['sync', 'health'] as const,
    registers,
  })
  const held = new Gauge({
    name: 'jobsd_jobs_held',
    help: 'Jobs that operators hold against the source.',
    labelNames: ['kind'] as const,
    registers,
  })
  return (all) => {
    jobs.reset()
    for (const { sync, health } of all) jobs.inc({ sync, health })
    for (const kind of ['suspended', 'pinned'] as const)
      held.set({ kind }, all.filter(({ holds }) => holds.some((hold) => hold.kind === kind)).length)
  }
}

function createSourceMetrics(
  registry: Registry,
): (ok: boolean, lastReadMs: number | null, nowMs: number) => void {
  const registers = [registry]
  const age = new Gauge({
    name: 'jobsd_source_age_seconds',
    help: 'Since when the source could not be read; absent before it was read once.',
    registers,
  })
  const isOk = new Gauge({
    name: 'jobsd_source_ok',
    help: '1 where the source could be read and nothing of it was refused.',
    registers,
  })
  return (ok, lastReadMs, nowMs) => {
    if (lastReadMs === null) age.remove()
    else age.set(Math.max(0, nowMs - lastReadMs) / 1000)
    isOk.set(ok ? 1 : 0)
  }
}

function createSyncMetrics(
  registry: Registry,
  clock: Clock,
): (syncs: Status['syncs'], last: ReturnType<Engine['sync']>['last']) => void {
  const registers = [registry]
  const duration = new Gauge({
    name: 'jobsd_sync_last_duration_seconds',
    help: 'How long the last sync took; absent before the first.',
    registers,
  })
  const jobs = new Gauge({
    name: 'jobsd_sync_last_jobs',
    help: 'Jobs that the last sync found in each state.',
    labelNames: ['kind'] as const,
    registers,
  })
  const total = new Counter({
    name: 'jobsd_syncs_total',
    help: 'Syncs that changed something or failed, since the engine started.',
    labelNames: ['outcome', 'reason'] as const,
    registers,
  })
  const countNew = createSyncCounter(clock.now().toISOString())
  return (syncs, last) => {
    if (last) duration.set(last.durationMs / 1000)
    else duration.remove()
    for (const [kind, count] of Object.entries(last?.counts ?? {})) jobs.set({ kind }, count)
    for (const { outcome, reason, times } of countNew(syncs)) total.inc({ outcome, reason }, times)
  }
}
