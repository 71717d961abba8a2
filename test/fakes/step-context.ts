import { writeFile } from 'node:fs/promises'
import type { Endpoints } from '../../engine/core/contracts/endpoints.ts'
import type { Ledger } from '../../engine/core/contracts/ledger.ts'
import type { Artifacts, Clock } from '../../engine/core/contracts/services.ts'
import type { StepContext } from '../../engine/core/contracts/step.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { Delivery, Run, RunFile, Snapshot, StepRecord } from '../../engine/core/model.ts'
import { deliver } from '../../engine/runtime/outbox.ts'
import { createTestArtifacts } from './artifacts.ts'
import { createManualClock } from './clock.ts'
import { createMemoryEndpoints } from './endpoints.ts'
import { createMemoryLog } from './log.ts'
import { connections, createRun, createSnapshot } from './snapshot.ts'

export interface TestContext extends StepContext {
  /** The outbox by target: a test may set a state, as an earlier attempt would have left it. */
  deliveries: Map<string, Delivery>
}

/** A step's context with the real outbox over an in-memory ledger. Artifacts lie in `folder`. */
export function createStepContext(
  step: string,
  folder: string,
  given: {
    run?: Partial<Run>
    snapshot?: Partial<Snapshot>
    files?: RunFile[]
    history?: StepRecord[]
    endpoints?: Endpoints
    artifacts?: Artifacts
    startedAt?: string
    clock?: Clock
  } = {},
): TestContext {
  const run = createRun(given.run)
  const snapshot = createSnapshot(given.snapshot)
  const files = given.files ?? []
  const clock = given.clock ?? createManualClock('2026-11-23T00:31:00.000Z')
  const { ledger, deliveries } = createDeliveryLedger()
  return {
    deliveries,
    run,
    startedAt: given.startedAt ?? clock.now().toISOString(),
    snapshot,
    history: given.history ?? [],
    files,
    inputs(from) {
      const found = [from].flat().flatMap((name) => files.filter((file) => file.step === name))
      if (found.length === 0) throw new JobsdError('NO_FILE', { step, from: String(from) })
      return found
    },
    connection: (name) => connections[name]!,
    endpoints: given.endpoints ?? createMemoryEndpoints({}),
    artifacts: given.artifacts ?? createTestArtifacts(folder),
    clock,
    log: createMemoryLog(),
    signal: new AbortController().signal,
    deliver: (request) =>
      deliver({ ledger, clock, run, step, guard: { runId: run.id, token: run.token } }, request),
  }
}

/** Stores text as an artifact and returns it as the file that a step offered. */
export async function offerFile(
  artifacts: Artifacts,
  fileName: string,
  text: string,
  changes: Partial<RunFile> = {},
): Promise<RunFile> {
  const scratch = await artifacts.scratch()
  await writeFile(scratch, text)
  const artifact = await artifacts.adopt(scratch)
  const rest = { mediaType: 'text/csv', rows: 2, period: null, origin: null }
  return { ...artifact, step: 'build', fileName, ...rest, ...changes }
}

function createDeliveryLedger() {
  const deliveries = new Map<string, Delivery>()
  const ledger = {
    async intendDelivery(_guard, wanted, at) {
      const delivery = deliveries.get(wanted.target) ?? { ...wanted, state: 'intended', note: '', at }
      deliveries.set(wanted.target, delivery)
      return delivery
    },
    async markDelivery(_guard, id, state, note, at) {
      const before = [...deliveries.values()].find((delivery) => delivery.id === id)
      if (before === undefined) throw new Error(`no delivery ${id} was intended`)
      const delivery = { ...before, state, note, at }
      deliveries.set(delivery.target, delivery)
      return delivery
    },
  } satisfies Partial<Ledger>
  return { deliveries, ledger: ledger as Partial<Ledger> as Ledger }
}
