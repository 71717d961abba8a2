/** Operations that end a run and make due what follows it, in one transaction: neither is ever there without the other. */
import type { DueRecord, RunGuard, StepEnd } from '../../core/contracts/ledger.ts'
import type { Audit } from '../../core/contracts/sync.ts'
import type { RunState } from '../../core/model.ts'
import { recordDue } from './dues.ts'
import { cancelRun } from './groups.ts'
import type { Operation } from './operation.ts'
import { endStep } from './runs.ts'

export function* endStepAndFollow(
  guard: RunGuard,
  end: StepEnd,
  follows: DueRecord[],
): Operation<{ isTold: boolean; runIds: string[] }> {
  const isTold = yield* endStep(guard, end)
  return { isTold, runIds: yield* recordAll(follows) }
}

export function* cancelRunAndFollow(
  runId: string,
  audit: Audit,
  follows: DueRecord[],
): Operation<{ state: RunState | undefined; runIds: string[] }> {
  const state = yield* cancelRun(runId, audit)
  // It ended by itself just before: what followed that end is there already.
  if (state !== 'queued' && state !== 'running') return { state, runIds: [] }
  return { state, runIds: yield* recordAll(follows) }
}

function* recordAll(dues: DueRecord[]): Operation<string[]> {
  const runIds: string[] = []
  for (const due of dues) runIds.push(...(yield* recordDue(due)))
  return runIds
}
