/** Rehearsals: a job's compiled snapshot through the real runner, steps and outbox; nothing leaves and nothing stays. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Artifacts, Clock, Log } from '../core/contracts/services.ts'
import type { TestGiven } from '../core/manifest.ts'
import type { Instant, RunDetail, RunState, Snapshot, StepRecord } from '../core/model.ts'
import { nameEdge, walkedEdge } from '../core/step-edges.ts'
import { toDueRecord } from './due.ts'
import { createStillClock } from './rehearsal/clock.ts'
import { createGivenRow, type GivenRowParts, startGiven } from './rehearsal/given-row.ts'
import { createGivenSteps, type GivenParts, type ReportSource } from './rehearsal/given-steps.ts'
import {
  createRecorder,
  type Deletion,
  type Move,
  type Notice,
  type Recorder,
  type RecorderParts,
  type SentFile,
  type SentMail,
} from './rehearsal/recorder.ts'
import { type Start, type StartParts, slotOf, startRun } from './rehearsal/start.ts'
import { createRunner } from './runner.ts'

/** What the composition root hands in. */
export interface RehearsalParts
  extends Pick<GivenParts, 'steps' | 'reportStep'>,
    Pick<StartParts, 'triggers' | 'isWanted'>,
    Pick<RecorderParts, 'buildMail'>,
    GivenRowParts {
  /** An empty ledger in memory. */
  openLedger(): Promise<Ledger>
  createArtifacts(folder: string): Promise<Artifacts>
  /** Real time, for the limits of steps. */
  clock: Clock
}

/** Where the reports' rows come from where no test says how many. Rows by table are written out as a dataset. */
export type RehearsalData = ReportSource | { kind: 'rows'; tables: Record<string, object[]> }

export interface RehearsalRequest {
  snapshot: Snapshot
  revision: string
  given: TestGiven
  data: RehearsalData
  /** Sees each delivery while its bytes are there. */
  capture?: RecorderParts['capture']
}

/** What one run came to. */
export interface Rehearsed {
  callCenter: string | null
  /** The key of its row; absent where it is for none. */
  row?: string
  slot: Instant
  outcome: Extract<RunState, 'succeeded' | 'failed' | 'skipped'>
  /** Why nothing ran, or what the last step said; its error where it failed. */
  note: string
  /** The steps that ran, in order. */
  path: string[]
  steps: Pick<StepRecord, 'name' | 'type' | 'outcome' | 'attempts' | 'note' | 'error'>[]
  /** The names of the edges that were walked. */
  edges: string[]
  /** Whether the operators would be told. */
  alert: boolean
  deliveries: (SentFile | SentMail)[]
  moves: Move[]
  deletions: Deletion[]
  /** What steps tell people that is no failure. */
  notices: Notice[]
}

/**
 * Runs the job once for each call center that is due, one after the other on the same targets. Its files lie in a
 * temporary folder that is removed again however it ends. Throws what is a bug, BAD_REQUEST for a slot that is none.
 */
export async function rehearse(
  parts: RehearsalParts,
  request: RehearsalRequest,
  signal: AbortSignal,
): Promise<Rehearsed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'jobsd-rehearsal-'))
  const ledger = await parts.openLedger()
  try {
    const { given, snapshot } = request
    const artifacts = await parts.createArtifacts(join(folder, 'artifacts'))
    const recorder = createRecorder({
      buildMail: parts.buildMail,
      capture: request.capture ?? (async () => undefined),
      steps: snapshot.manifest.steps,
    })
    const start = await startRun(startGiven(given, snapshot.manifest), snapshot, {
      ...parts,
      artifacts,
      recorder,
    })
    if ('nothing' in start) return [restingRun(request, start)]
    const source = await openSource(request.data, folder)
    return await runAll({ parts, request, ledger, artifacts, recorder, source }, start.due, signal)
  } finally {
    await ledger.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function openSource(data: RehearsalData, folder: string): Promise<ReportSource> {
  if (data.kind !== 'rows') return data
  const path = join(folder, 'tables')
  await mkdir(path)
  for (const [table, rows] of Object.entries(data.tables)) {
    await writeFile(join(path, `${table}.json`), JSON.stringify(rows))
  }
  return { kind: 'tables', dataset: { format: 'json', path } }
}

interface Stage {
  parts: RehearsalParts
  request: RehearsalRequest
  ledger: Ledger
  artifacts: Artifacts
  recorder: Recorder
  source: ReportSource
}

async function runAll(
  { parts, request, ledger, artifacts, recorder, source }: Stage,
  due: Extract<Start, { due: unknown }>['due'],
  signal: AbortSignal,
): Promise<Rehearsed[]> {
  const { given, revision, snapshot } = request
  const { steps, atWork, isWorking } = createGivenSteps({ ...parts, source, given: given.steps, recorder })
  const fanOut = createGivenRow(parts, source, given)
  /** The runs of a fan-out's rows, as its query gave them. */
  const rows: string[] = []
  const clock = createStillClock(Date.parse(due.slot), parts.clock, isWorking)
  const bugs: string[] = []
  const run = createRunner({
    ledger,
    steps,
    endpoints: recorder.endpointsFor('', []),
    artifacts,
    clock,
    log: createBugLog(bugs),
    snapshot: async () => snapshot,
    onProgress: () => undefined,
    fanOut: (context) => atWork(() => fanOut(context)),
    onFollow: (ids) => rows.push(...ids),
  })
  const rehearseRun = async (id: string): Promise<Rehearsed> => {
    const { deletions, moves, notices, sent } = recorder
    const before = [sent, moves, deletions, notices].map(({ length }) => length)
    // A run that waits for its step's next attempt goes on at once: no time passes here.
    for (let waits = await run(id, signal); waits !== undefined; ) waits = await run(id, signal)
    if (bugs.length > 0) throw new Error(`a step met a bug:\n${bugs.join('\n')}`)
    const alerts = await ledger.pendingAlerts()
    return {
      ...describeRun((await ledger.run(id))!, snapshot),
      alert: alerts.some(({ runId, about }) => runId === id && !('notice' in about)),
      deliveries: sent.slice(before[0]),
      moves: moves.slice(before[1]),
      deletions: deletions.slice(before[2]),
      notices: notices.slice(before[3]),
    }
  }
  const rehearsed: Rehearsed[] = []
  for (const id of await ledger.recordDue(toDueRecord(snapshot, revision, due, due.slot))) {
    const asked = await rehearseRun(id)
    // What only asked for the rows delivers nothing: they take its place.
    if (rows.length === 0) rehearsed.push(asked)
    for (const row of rows.splice(0)) rehearsed.push(await rehearseRun(row))
  }
  return rehearsed
}

function describeRun(
  { callCenter, row, slot, state, steps }: RunDetail,
  { manifest }: Snapshot,
): Omit<Rehearsed, 'alert' | 'deliveries' | 'moves' | 'deletions' | 'notices'> {
  const last = steps.at(-1)
  return {
    callCenter,
    ...(row && { row: row.key }),
    slot,
    outcome: state as Rehearsed['outcome'],
    note: last?.error ? `${last.error.code}: ${last.error.message}` : (last?.note ?? ''),
    path: steps.map(({ name }) => name),
    steps: steps.map(({ name, type, outcome, attempts, note, error }) => ({
      name,
      type,
      outcome,
      attempts,
      note,
      error,
    })),
    edges: steps.flatMap(({ name, outcome }) => {
      const step = manifest.steps.find((each) => each.name === name)
      return step && outcome !== 'running' ? [nameEdge(walkedEdge(step, outcome))] : []
    }),
  }
}

function restingRun({ given, snapshot }: RehearsalRequest, { nothing }: { nothing: string }): Rehearsed {
  return {
    callCenter: given.callCenter ?? null,
    slot: new Date(slotOf(given, snapshot)).toISOString(),
    outcome: 'skipped',
    note: nothing,
    path: [],
    steps: [],
    edges: [],
    alert: false,
    deliveries: [],
    moves: [],
    deletions: [],
    notices: [],
  }
}

/** A log that keeps only the stacks of what is no error of the table: everything else is in the ledger. */
function createBugLog(bugs: string[]): Log {
  const quiet = () => undefined
  return {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: ({ stack }) => void (typeof stack === 'string' && bugs.push(stack)),
  }
}
