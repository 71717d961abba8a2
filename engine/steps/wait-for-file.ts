import { createCompleteness, type Look } from '../core/completeness.ts'
import type { FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { OfferedFile, StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { isWanted } from '../core/drop-names.ts'
import { type DropRules, dropRules } from '../core/drop-rules.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { DropFolder } from '../core/manifest.ts'
import type { StepOf } from '../core/model.ts'
import { joinPath } from '../core/paths.ts'
import { runDeadlineMs } from '../core/run-deadline.ts'
import { spellCount } from '../core/spell-count.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandChoice } from '../core/tokens.ts'
import { formatLocal } from '../core/zone.ts'
import { type Awaited, fetchAwaited } from './fetch-awaited.ts'
import { listFolder } from './list-folder.ts'

type WaitStep = StepOf<'wait-for-file'>

const defaultEvery = '1m'
const defaultMinAge = '30s'
const defaultMaxFiles = 100

/**
 * Waits until files are there and complete, then offers them. Each look is an attempt of its own: between two of them
 * nothing is held, and the deadline counts from the step's first start, whatever broke off since.
 */
export const waitForFileStep: StepType<'wait-for-file'> = {
  type: 'wait-for-file',
  async run(step, context) {
    const { clock, endpoints, run } = context
    const folder = watchedFolder(step, context)
    const remote = endpoints.files(context.connection(step.connection))
    const seen = await look(remote, folder, context)
    const isEnough = seen.wanted.length >= (step.minCount ?? 1) && seen.why === undefined
    if (isEnough) {
      refuseTooMany(step, seen.wanted.length)
      const files = await fetchAwaited(remote, seen.awaited, dropRules(folder), context)
      if (files !== undefined) return { ok: true, note: describe(step, files), files }
    }
    const place = `${step.connection}:${joinPath(folder.path, folder.match![0]!)}`
    const untilMs = Date.parse(context.startedAt) + parseDuration(step.timeout)
    const leftMs = untilMs - clock.now().getTime()
    if (run.dryRun) return { ok: true, skip: true, note: `${place} would be waited for` }
    const why = seen.why ?? `${seen.wanted.length} of ${spellCount(step.minCount ?? 1, 'file')} there`
    if (leftMs > 0) {
      const afterMs = Math.min(parseDuration(step.every ?? defaultEvery), leftMs)
      return {
        ok: false,
        note: `waits for ${place} ${describeSpan(untilMs, context)}: ${why}`,
        again: { afterMs },
      }
    }
    return endMissing(step, place, why)
  },
}

/** The rules are those of drop folders. */
function watchedFolder(step: WaitStep, { run, snapshot }: StepContext): DropFolder {
  const values = tokenValues(run, snapshot, { ext: '', period: null })
  const { companion, complete, connection } = step
  return {
    connection,
    path: expandChoice(step.path, values),
    match: [expandChoice(step.match, values)],
    minAge: step.minAge ?? defaultMinAge,
    ...(complete && { complete }),
    ...(companion && { companion }),
  }
}

interface Seen {
  wanted: FileEntry[]
  awaited: Awaited[]
  /** Why not all of them are complete. */
  why: string | undefined
}

/**
 * Looks once; where only time tells whether files are complete it looks on for as long as they stay the same, so that
 * nothing need be remembered from one attempt to the next.
 */
async function look(remote: RemoteFiles, folder: DropFolder, { clock, signal }: StepContext): Promise<Seen> {
  const rules = dropRules(folder)
  const completeness = createCompleteness(rules)
  let before: string | undefined
  for (let looks = 1; ; looks++) {
    const listed = await listFolder(remote, folder.path, signal)
    const wanted = listed.filter((entry) => isWanted(entry, folder))
    const byName = new Map(listed.map((entry) => [entry.name, entry]))
    const seen = judge(wanted, completeness, { nowMs: clock.now().getTime(), isPoll: true, byName })
    const now = JSON.stringify(wanted.map(({ mtimeMs, name, size }) => [name, size, mtimeMs]))
    const hasChanged = before !== undefined && before !== now
    const isOver = wanted.length === 0 || seen.why === undefined || rules.complete !== 'stable' || hasChanged
    if (isOver || looks > rules.polls) return seen
    before = now
    await clock.sleep(pauseMs(rules), signal)
  }
}

function pauseMs({ minAgeMs, polls }: DropRules): number {
  return Math.max(1, Math.ceil(minAgeMs / (polls - 1)))
}

function judge(wanted: FileEntry[], completeness: ReturnType<typeof createCompleteness>, at: Look): Seen {
  const seen: Seen = { wanted, awaited: [], why: undefined }
  for (const entry of wanted) {
    const verdict = completeness.see(entry, at)
    if (verdict.isComplete) seen.awaited.push({ entry, companion: verdict.companion })
    else seen.why ??= `${entry.name} is not complete: ${verdict.why}`
  }
  return seen
}

function refuseTooMany({ connection, maxFiles = defaultMaxFiles, name }: WaitStep, count: number): void {
  if (count > maxFiles)
    throw new JobsdError('TOO_MANY_FILES', { connection, step: name, count, allowed: maxFiles })
}

/** `since 2026-11-22 18:31 until 22:31 at the latest (America/Chicago)`; the day again where it is another one. */
function describeSpan(untilMs: number, { run, snapshot, startedAt }: StepContext): string {
  const { timezone } = snapshot.client
  const lastMs = Math.min(untilMs, runDeadlineMs(run, snapshot, startedAt))
  const spell = (ms: number, pattern: string) => formatLocal(timezone, ms, pattern)
  const [since, until] = [Date.parse(startedAt), lastMs].map((ms) => spell(ms, 'yyyy-MM-dd HH:mm'))
  const isSameDay = since!.slice(0, 10) === until!.slice(0, 10)
  return `since ${since} until ${isSameDay ? until!.slice(11) : until} at the latest (${timezone})`
}

function endMissing(step: WaitStep, place: string, why: string): StepResult {
  if (step.onMissing === 'skip') return { ok: true, skip: true, note: `${place} did not come: ${why}` }
  throw new JobsdError('FILE_AWAITED', { path: place, timeout: step.timeout, reason: why })
}

function describe({ connection }: WaitStep, files: OfferedFile[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const what = files.length === 1 ? files[0]!.fileName : spellCount(files.length, 'file')
  return `${what} came to ${connection}, ${spellCount(bytes, 'byte')}`
}
