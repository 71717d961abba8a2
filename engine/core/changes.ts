/** What replacing one state of a config repository by another does: behaviour, not text. */
import { type JobPair, mailedDomains, measureBlastRadius } from './changes/blast-radius.ts'
import { jobEffects, removalEffects } from './changes/job-effects.ts'
import type { Effect, JobChange, Plan, PlannedJob, PlannedSide, SharedChange } from './changes/model.ts'
import { type Phrase, phrase } from './changes/phrase.ts'
import { type KeptJob, reachingChanges, sharedChanges } from './changes/shared-changes.ts'
import { graphLines } from './changes/step-effects.ts'
import type { JobId, Problem } from './model.ts'

/** A job's file before and after; either may be missing, not both. */
interface Matched {
  job: JobId
  previously: JobId | null
  before: PlannedJob | undefined
  after: PlannedJob | undefined
}

/**
 * Compares two sides. A job of a new name whose `previousName` is gone now is renamed. Jobs are in the order of their
 * names; slots are those after `nowMs`. Where only text changed, a job's effects are empty.
 */
export function planChanges(before: PlannedSide, after: PlannedSide, nowMs: number): Plan {
  const matched = matchJobs(before, after)
  const kept = matched.flatMap(({ job, before: old, after: now }): KeptJob[] =>
    old?.snapshot && now?.snapshot ? [{ job, before: old.snapshot, after: now.snapshot }] : [],
  )
  const shared = sharedChanges(before, after, kept)
  const reaching = reachingChanges(shared)
  const domains = mailedDomains(before)
  const changes = matched.flatMap((each) => {
    const known = domains.get(clientOf(each.job)) ?? new Set<string>()
    const effects = effectsOf(each, known, nowMs)
    for (const change of reaching.get(each.job) ?? []) effects.push(sharedEffect(change))
    const { before: old, after: now } = each
    const pair: JobPair = { before: old?.snapshot ?? null, after: now?.snapshot ?? null }
    const isChanged = effects.length > 0 || old?.text !== now?.text || each.previously !== null
    return isChanged ? [{ change: describeChange(each, effects, after.problems), pair }] : []
  })
  return {
    before: before.revision,
    after: after.revision,
    changes: changes.map(({ change }) => change),
    shared,
    ...compareProblems(before.problems, after.problems),
    blastRadius: measureBlastRadius(before, after, changes, shared),
  }
}

function matchJobs(before: PlannedSide, after: PlannedSide): Matched[] {
  const renamed = new Map<JobId, JobId>()
  for (const [job, { previousName }] of [...after.jobs].sort(byName)) {
    if (previousName === null || before.jobs.has(job)) continue
    const previously: JobId = `${clientOf(job)}/${previousName}`
    const isGone = before.jobs.has(previously) && !after.jobs.has(previously)
    if (isGone && ![...renamed.values()].includes(previously)) renamed.set(job, previously)
  }
  const gone = new Set(renamed.values())
  const jobs = [...new Set([...before.jobs.keys(), ...after.jobs.keys()])].filter((job) => !gone.has(job))
  return jobs.sort().map((job) => {
    const previously = renamed.get(job) ?? null
    return { job, previously, before: before.jobs.get(previously ?? job), after: after.jobs.get(job) }
  })
}

function effectsOf(
  { job, previously, before, after }: Matched,
  known: ReadonlySet<string>,
  nowMs: number,
): Effect[] {
  if (!after) return before?.snapshot ? removalEffects(before.snapshot) : [brokenRemoval()]
  if (!after.snapshot) return brokenEffects(before, after)
  const renamed = previously === null ? [] : [renamedEffect(job, previously)]
  const mended: Effect[] =
    before && !before.snapshot
      ? [{ kind: 'compiles-again', phrase: phrase`the job compiles again; before, it did not` }]
      : []
  return [...renamed, ...mended, ...jobEffects(before?.snapshot ?? null, after.snapshot, known, nowMs)]
}

function renamedEffect(job: JobId, previously: JobId): Effect {
  return {
    kind: 'renamed',
    before: previously,
    after: job,
    phrase: phrase`the job is renamed, it was ${previously}`,
  }
}

function brokenRemoval(): Effect {
  const told = phrase`the job is removed; it did not compile`
  return { kind: 'job-removed', schedules: [], recipients: [], targets: [], phrase: told }
}

function brokenEffects(before: PlannedJob | undefined, after: PlannedJob): Effect[] {
  const problem = after.problem as Problem
  const why = phrase`${`${problem.file}:${problem.line}:${problem.column}`}: ${problem.message}`
  if (before && !before.snapshot) {
    if (before.text === after.text) return []
    return [{ kind: 'still-broken', problem, phrase: phrase`the job still does not compile: ${why}` }]
  }
  const told = before
    ? phrase`the job does not compile, so its last good version stays in force: ${why}`
    : phrase`the job does not compile, so it will not run: ${why}`
  return [{ kind: 'stops-compiling', problem, phrase: told }]
}

function sharedEffect({ file, kind, name, change, differences }: SharedChange): Effect {
  const [first] = differences
  const more = differences.length > 1 ? ` and ${differences.length - 1} more` : ''
  const told: Phrase = [...phrase`${[kind]} ${name} is ${[change]}`, ...(first ? [': ', ...first, more] : [])]
  return { kind: 'shared-changed', file, phrase: told }
}

function describeChange(
  { job, previously, before, after }: Matched,
  effects: Effect[],
  problems: readonly Problem[],
): JobChange {
  const file = (after ?? before)!.file
  const lines = (side: PlannedJob | undefined) =>
    side?.snapshot ? graphLines(side.snapshot.manifest.steps) : []
  const graph = { before: lines(before), after: lines(after) }
  // While it does not compile there is no graph to compare with; a removed job's is of no use any more.
  const isDrawn = after?.snapshot && (graph.before.length === 0 || before?.snapshot)
  return {
    job,
    kind: !after ? 'removed' : previously ? 'renamed' : before ? 'changed' : 'added',
    file,
    previously,
    effects,
    graph: isDrawn && graph.before.join('\n') !== graph.after.join('\n') ? graph : null,
    verdict: {
      valid: after ? after.snapshot !== null : true,
      problems: after
        ? problems.filter((problem) => problem.file === file && problem.severity === 'error')
        : [],
    },
  }
}

/** Problems are the same wherever they have moved to within their file. */
function compareProblems(
  before: readonly Problem[],
  after: readonly Problem[],
): Pick<Plan, 'problems' | 'mended'> {
  const keyOf = ({ file, rule, severity, message }: Problem) =>
    JSON.stringify([file, rule, severity, message])
  const [old, now] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))]
  return {
    problems: after.map((problem) => ({ ...problem, isNew: !old.has(keyOf(problem)) })),
    mended: before.filter((problem) => !now.has(keyOf(problem))),
  }
}

function byName([a]: [JobId, PlannedJob], [b]: [JobId, PlannedJob]): number {
  return a < b ? -1 : 1
}

function clientOf(job: JobId): string {
  return job.slice(0, job.indexOf('/'))
}
