/** Why a job that follows others did or did not run for a moment: a pure answer over what is recorded of both. */
import type { SlotFacts } from '../core/contracts/ledger.ts'
import { type EndState, isAwaited, readFollowKey, spellFollow } from '../core/follow-ups.ts'
import type { JobId, RunDetail, TriggerOf } from '../core/model.ts'
import { formatWithOffset } from '../core/zone.ts'
import type { Answer, Evidence, Explanation, KnownJob } from './explain.ts'
import { proveRun, tellRun } from './explain-words.ts'

export interface AskedFollow extends Pick<SlotFacts, 'runs'> {
  atMs: number
  trigger: TriggerOf<'after'>
  /** The runs for that moment of each job that it follows. */
  followed: { job: JobId; runs: RunDetail[] }[]
}

export function explainAfter({ record, versions }: KnownJob, asked: AskedFollow): Explanation {
  const { atMs, runs, trigger, followed } = asked
  const { job } = record
  const body = versions[0]?.body
  const when = formatWithOffset(body?.client.timezone ?? 'UTC', atMs)
  const chained = runs.filter((run) => run.trigger.type === 'after')
  const others = runs.filter((run) => run.trigger.type !== 'after')
  const byHand = others.length === 0 ? '' : `; by hand: ${others.map(tellRun).join('; ')}`
  const awaited = followed.flatMap((each) => each.runs)
  const answer = (found: Answer, text: string): Explanation => ({
    job,
    answer: found,
    sentence: `${job} ${text}${byHand}`,
    evidence: [
      ...runs.flatMap(proveRun),
      ...awaited.map(
        (run): Evidence => ({
          kind: 'run',
          text: `${run.job}: ${tellRun(run)}`,
          run: run.id,
          at: run.createdAt,
        }),
      ),
    ],
  })
  if (chained.length > 0) {
    const did = chained.some(({ state, startedAt }) => state !== 'skipped' || startedAt !== null)
    const told = chained.map((run) => `${nameCause(run)}${tellRun(run)}${run.note ? `: ${run.note}` : ''}`)
    return answer(did ? 'ran' : 'skipped', `${did ? 'ran' : 'did not run'} for ${when}: ${told.join('; ')}`)
  }
  const names = followed.map((each) => each.job).join(' and ')
  if (body?.manifest.enabled === false)
    return answer('not-due', `was not due at ${when}: its manifest disables it`)
  if (awaited.length === 0)
    return answer(
      'not-due',
      `was not due at ${when}: it runs ${spellFollow(trigger)}, and there is no run of ${names} for that moment`,
    )
  const open = awaited.filter(({ state }) => state === 'queued' || state === 'running')
  if (open.length > 0)
    return answer(
      'to-come',
      `did not run for ${when} so far: it runs ${spellFollow(trigger)}, and ${open.map(tellRun).join('; ')}`,
    )
  return answer(
    'not-due',
    `was not due at ${when}: it runs ${spellFollow(trigger)}, and ${awaited.map((run) => whyNot(run, trigger)).join('; ')}`,
  )
}

function nameCause({ trigger }: RunDetail): string {
  const cause = readFollowKey(trigger.key)
  return cause ? `after run ${cause.runId} of ${cause.job}, ` : ''
}

function whyNot(run: RunDetail, trigger: TriggerOf<'after'>): string {
  if (run.dryRun) return `run ${run.id} of ${run.job} was a dry run`
  if (run.origin?.kind === 'resend') return `run ${run.id} of ${run.job} only sent again what there was`
  const told = `${run.job}: ${tellRun(run)}`
  if (!isAwaited(trigger, run.state as EndState)) return told
  return `${told}; the job did not follow it then, or has no run for its call center`
}
