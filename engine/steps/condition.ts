import { evaluateTest } from '../core/condition.ts'
import type { StepType } from '../core/contracts/step.ts'
import { runFacts } from '../core/run-facts.ts'

/** Chooses the next step by what is known of the run. It never throws: what is missing does not hold. */
export const conditionStep: StepType<'condition'> = {
  type: 'condition',
  run(step, { run, snapshot, history, files }) {
    const facts = runFacts(run, history, files, snapshot.client.timezone)
    const verdict = evaluateTest(step.when, facts)
    return Promise.resolve({ ok: verdict.holds, note: `${verdict.holds}: ${verdict.why}` })
  },
}
