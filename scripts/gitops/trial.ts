/** One trial: commits one after the other, time between them, and after each the engine beside the model. */

import type { JobId } from '../../engine/core/model.ts'
import { createRandom, type Random } from '../fuzz/mutate.ts'
import { pick } from './changes.ts'
import { createCommitMaker, type MadeCommit } from './commit-maker.ts'
import { compareJobs, findRivals } from './compare.ts'
import { createExpectedSlots } from './expected-slots.ts'
import { type LedgerRows, openLedgerRows } from './ledger-rows.ts'
import { loadEngine } from './load-engine.ts'
import { clients } from './manifests.ts'
import { createModel, type Model, type Step } from './model.ts'
import { createStage, type Stage } from './stage.ts'
import { createTally, type SlotCounts } from './tally.ts'

const minuteMs = 60_000
const who = { who: 'the harness', why: 'to see what it does' }

export interface TrialOptions {
  commits: number
  seed: number
  /** A new folder of its own. */
  folder: string
  engine: string
  /** Called after each commit. */
  onCommit?(count: number, counts: TrialCounts): void
}

export interface TrialCounts extends SlotCounts {
  commits: number
  broken: number
  restarts: number
  holds: number
  files: number
  runs: number
  mismatches: string[]
}

/** More are of no use: one mistake leads to the next. */
const maxMismatches = 20

export async function runTrial(options: TrialOptions): Promise<TrialCounts> {
  const stage = await createStage(await loadEngine(options.engine), options.folder, '2026-11-20T11:03:00Z')
  const trial = createTrial(stage, createRandom(options.seed))
  const { counts } = trial
  try {
    await trial.begin()
    while (counts.commits < options.commits && counts.mismatches.length < maxMismatches) {
      await trial.step()
      options.onCommit?.(counts.commits, counts)
    }
    await trial.end()
  } finally {
    await stage.stop()
    trial.close()
  }
  return counts
}

function createTrial(stage: Stage, random: Random) {
  const { clock, repository, drops } = stage
  const model = createModel()
  const expected = createExpectedSlots(model)
  const maker = createCommitMaker(repository, drops, random)
  const counts: TrialCounts = {
    commits: 0,
    broken: 0,
    restarts: 0,
    holds: 0,
    files: 0,
    runs: 0,
    get slots() {
      return tally.counts.slots
    },
    get untold() {
      return tally.counts.untold
    },
    mismatches: [],
  }
  const tally = createTally(expected, clock.now().getTime())
  /** What lasts is told once. */
  const told = new Set<string>()
  let rows: LedgerRows
  let last: MadeCommit
  let applied: string | null = null
  const nowMs = () => clock.now().getTime()

  function report(found: string[]): void {
    for (const line of new Set([...found, ...stage.errors.splice(0)])) {
      if (told.has(line)) continue
      told.add(line)
      counts.mismatches.push(`commit ${counts.commits} (${last.what}, ${last.revision.slice(0, 8)}): ${line}`)
    }
  }

  function compare(): void {
    report(compareJobs(model, applied, rows, stage.watched))
    report(findRivals(model))
    report(tally.compare(rows, nowMs(), stage.executed))
    stage.executed.clear()
  }

  async function pass(
    ms: number,
    jobs = model.jobs,
    released: ReadonlySet<JobId> = new Set(),
  ): Promise<void> {
    const fromMs = nowMs()
    await clock.advance(ms)
    expected.pass(jobs, fromMs, nowMs(), released)
  }

  function applyToModel(): Step {
    const step = model.apply(last.revision, last.files)
    if (!step.refused) applied = last.revision
    for (const [from, to] of step.renamed) {
      expected.rename(from, to)
      tally.rename(from, to)
    }
    return step
  }

  /** Has the engine read the last commit, in which time passes now and then; gives what it should have done. */
  async function reconcile(how: () => Promise<unknown>, mayPass = true): Promise<Step> {
    let step: Step | undefined
    if (mayPass && random(3) === 0) stage.onRead = () => pass(random(120_000))
    const inApplyMs = mayPass && random(3) === 0 ? random(50_000) : 0
    const fromMs = { ms: 0 }
    stage.onApply = async () => {
      step = applyToModel()
      fromMs.ms = nowMs()
      if (inApplyMs > 0) await pass(inApplyMs, step.before as Model['jobs'], new Set(step.renamed.keys()))
    }
    await how().catch((error: Error) => report([error.message]))
    stage.onRead = undefined
    stage.onApply = undefined
    if (step && inApplyMs > 0) expected.passNew(step, fromMs.ms, nowMs())
    return step ?? applyToModel()
  }

  async function restart(): Promise<void> {
    counts.restarts += 1
    await stage.stop()
    model.forget()
    const downMs = nowMs()
    await clock.advance(random(3) === 0 ? random(40 * 60 * minuteMs) : random(90 * minuteMs))
    if (random(2) === 0) commit()
    const isReachable = random(3) > 0
    const before = model.jobs
    if (!isReachable) stage.setReachable(false)
    const renamed = isReachable ? (await reconcile(stage.start, false)).renamed : await startBlind()
    const named = [...before].map(([job, each]) => [renamed.get(job) ?? job, each] as const)
    expected.passDown(new Map(named), downMs, nowMs())
    compare()
    if (isReachable) return
    await pass(random(30 * minuteMs))
    stage.setReachable(true)
    await reconcile(stage.hint)
  }

  /** The source is not there: what ran before runs. */
  async function startBlind(): Promise<ReadonlyMap<JobId, JobId>> {
    await stage.start()
    return new Map()
  }

  function commit(made = maker.next()): void {
    last = made
    counts.commits += 1
    if (made.broken) counts.broken += 1
  }

  /** Does something by hand; after a pin the engine hints itself to read the source. */
  async function act(what: () => Promise<unknown>, hints = 1): Promise<void> {
    clock.expect(hints)
    await what()
    await clock.settle()
  }

  async function hold(): Promise<void> {
    const running = [...model.jobs].filter(([, { snapshot }]) => snapshot).map(([job]) => job)
    const job = pick(running, random)
    if (!job) return
    const { holds } = stage.engine()
    counts.holds += 1
    const kind = random(3)
    if (kind === 0) {
      await act(() => holds.suspend({ job, ...who }), 0)
      model.suspended.add(job)
    } else if (kind === 1 && model.canPin()) {
      const ran = [...model.versions].filter(([, jobs]) => jobs.has(job)).map(([revision]) => revision)
      const revision = random(2) === 0 ? pick(ran, random) : undefined
      model.pin(job, revision)
      await reconcile(() => act(() => holds.pin({ job, ...(revision && { revision }), ...who })))
    } else await letGo(1)
  }

  /** Lets some holds go; 0: all of them. */
  async function letGo(atMost: number): Promise<void> {
    const { holds } = stage.engine()
    const end = atMost === 0 ? undefined : atMost
    for (const job of [...model.suspended].slice(0, end)) {
      if (!model.jobs.get(job)?.snapshot) continue
      await act(() => holds.resume({ job, ...who }), 0)
      model.suspended.delete(job)
    }
    for (const job of [...model.pins.keys()].slice(0, end)) {
      model.pins.delete(job)
      await reconcile(() => act(() => holds.unpin({ job, ...who })))
    }
  }

  async function live(): Promise<void> {
    for (let part = random(3); part >= 0; part--) {
      const client = pick(clients, random)
      if (random(2) === 0) stage.drop(client, `file-${++counts.files}.csv`)
      await pass(random(4) === 0 ? random(5 * 60 * minuteMs) : random(50 * minuteMs))
    }
  }

  return {
    counts,
    async begin() {
      commit(maker.first())
      await reconcile(stage.start, false)
      rows = openLedgerRows(stage.ledgerFile)
      compare()
    },
    async step() {
      commit()
      await reconcile(stage.hint)
      compare()
      await live()
      if (random(4) === 0) await hold()
      if (random(8) === 0) await restart()
      compare()
    },
    /** All in order, nothing held: what lies in the drop folders is taken. */
    async end() {
      await letGo(0)
      commit(maker.whole())
      await reconcile(stage.hint)
      await pass(20 * minuteMs)
      compare()
      report(countFiles())
      report(tally.compareAll(rows))
      counts.runs = rows.countRuns()
    },
    close: () => rows?.close(),
  }

  function countFiles(): string[] {
    const runs = rows.fileRuns()
    const wrong: string[] = []
    for (let number = 1; number <= counts.files; number++) {
      const name = `file-${number}.csv`
      const [ran, moved] = [runs.get(name) ?? 0, stage.moved.get(name) ?? 0]
      if (ran !== 1 || moved !== 1) wrong.push(`file ${name}: ${ran} runs, its step ran ${moved} times`)
    }
    return wrong
  }
}
