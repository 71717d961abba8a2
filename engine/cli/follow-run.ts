/** Runs as they go on: each step as it ends. */
import type { RunDetail } from '../core/model.ts'
import { toOneLine } from './one-line.ts'
import type { CliParts, EngineClient } from './parts.ts'
import { describeStep } from './run-words.ts'

const pollMs = 150

/** Prints what steps wait for, each step of a run as it ends, and the run's end; then those of the runs that it made, one for each row. */
export async function followRuns(engine: EngineClient, id: string, parts: CliParts): Promise<RunDetail[]> {
  const run = await followRun(engine, id, parts)
  const runs = [run]
  for (const row of run.rowRuns ?? []) runs.push(await followRun(engine, row, parts))
  return runs
}

async function followRun(engine: EngineClient, id: string, parts: CliParts): Promise<RunDetail> {
  let shown = 0
  let told = ''
  for (;;) {
    const run = await engine.runDetail(id)
    const label = toOneLine([run.job, run.callCenter, run.row?.key].filter(Boolean).join(' '))
    for (const step of run.steps.slice(shown)) {
      if (step.outcome === 'running') {
        // What it waits for; an error that passes is told by its end.
        if (step.note !== told && step.note !== '')
          parts.warn(`${label}  ${step.name} ${toOneLine(step.note)}`)
        told = step.note
        break
      }
      shown += 1
      for (const line of describeStep(step)) parts.warn(`${label}  ${line.trim()}`)
    }
    if (run.state !== 'queued' && run.state !== 'running') {
      parts.warn(`${label}  ${run.state}${run.dryRun ? ' (dry run: nothing was sent)' : ''}  run ${run.id}`)
      return run
    }
    await parts.sleep(pollMs)
  }
}
