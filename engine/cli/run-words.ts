/** Runs as people read them in a terminal. */
import type { Repeat, Repeats } from '../core/contracts/ledger.ts'
import type { RunDetail } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { toOneLine } from './one-line.ts'
import { formatTable } from './table.ts'

/** `sha256:0123456789ab` is enough for people. */
export function shortenDigests(revision: string): string {
  return revision.replace(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1')
}

export function describeRuns(runs: RunDetail[]): string {
  if (runs.length === 0) return 'no runs yet'
  return formatTable(
    ['RUN', 'JOB', 'CALL CENTER', 'STATE', 'DUE', 'STEPS'],
    runs.map((run) => [
      run.id,
      run.job,
      describeWhose(run),
      run.dryRun ? `${run.state} (dry run)` : run.state,
      run.slot,
      run.steps.map((step) => step.name).join(' > '),
    ]),
  )
}

/** `dallas`, of a fan-out's row `dallas #north`. */
function describeWhose({ callCenter, row }: RunDetail): string {
  const whose = [...(callCenter === null ? [] : [callCenter]), ...(row ? [`#${toOneLine(row.key)}`] : [])]
  return whose.join(' ') || '-'
}

export function describeRun(run: RunDetail, repeats: Repeats): string {
  const facts = [
    ['run', run.id],
    ['job', run.job],
    ['call center', run.callCenter ?? 'all'],
    ...(run.row ? [['row', toOneLine(`${run.row.key}, of run ${run.row.parent}`)]] : []),
    ['state', run.dryRun ? `${run.state} (dry run: nothing was sent)` : run.state],
    ['trigger', `${run.trigger.type} ${run.trigger.key}`],
    ['due', run.slot],
    ...Object.entries(run.parameters ?? {}).map(([name, value]) => [
      'parameter',
      toOneLine(`${name} = ${value}`),
    ]),
    ...(run.note ? [['note', toOneLine(run.note)]] : []),
    ['started', run.startedAt ?? 'not yet'],
    ['ended', run.endedAt ?? 'not yet'],
    ['revision', shortenDigests(run.revision)],
    ['snapshot', run.snapshot],
    ...(repeats.of ? [['repeats', tellRepeat(repeats.of)]] : []),
    ...repeats.by.map((repeat) => ['repeated by', tellRepeat(repeat)]),
    ...(run.rowRuns?.length
      ? [['rows', `${spellCount(run.rowRuns.length, 'run')}: ${listRowRuns(run.rowRuns)}`]]
      : []),
  ].map(([name = '', value = '']) => `${name.padEnd(12)} ${value}`)
  return [...facts, '', ...run.steps.flatMap(describeStep)].join('\n')
}

const mostRowRuns = 10

function listRowRuns(ids: readonly string[]): string {
  const more = ids.length - mostRowRuns
  return `${ids.slice(0, mostRowRuns).join(' ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** `run 0123456789abcdef (resend, by ana: their disk was full)` */
function tellRepeat({ runId, kind, who, why }: Repeat): string {
  return `run ${runId} (${kind}, by ${who}: ${why})`
}

export function describeStep(step: RunDetail['steps'][number]): string[] {
  const told = step.error ? `${step.error.code}: ${step.error.message}` : step.note
  const attempts = step.attempts > 1 ? ` after ${step.attempts} attempts` : ''
  return [
    `${String(step.seq).padStart(3)}  ${step.name} (${step.type}) ${step.outcome}${attempts}${told ? `: ${told}` : ''}`,
    ...step.deliveries.flatMap(({ target, artifact, state, note, returned = [] }) => [
      `       ${state}  ${target}${artifact ? `  ${artifact.size} bytes  sha256 ${artifact.sha256.slice(0, 12)}` : ''}${state !== 'confirmed' && note ? `  ${note}` : ''}`,
      ...returned.map(
        ({ address, status, diagnostic, at }) =>
          `       returned  ${toOneLine(address)}  ${at}  ${toOneLine(diagnostic || status)}`,
      ),
    ]),
  ]
}
