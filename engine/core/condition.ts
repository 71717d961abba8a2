import { matchesGlob } from './glob.ts'
import type { ConditionStep } from './manifest.ts'
import type { RunFacts } from './run-facts.ts'

export type ConditionTest = ConditionStep['when']

/** Which way a test went, and one phrase on why, with the value that decided. */
export interface Verdict {
  holds: boolean
  why: string
}

type Scalar = string | number | boolean

/**
 * Evaluates a condition's test. Never throws: a comparison with a value that the run does not have, or that is of
 * another kind (text and number are never equal), does not hold; `not` of it does.
 */
export function evaluateTest(test: ConditionTest, facts: RunFacts): Verdict {
  if ('all' in test) return evaluateAll(test.all, facts)
  if ('any' in test) return evaluateAny(test.any, facts)
  if ('not' in test) {
    const inner = evaluateTest(test.not, facts)
    return { holds: !inner.holds, why: inner.why }
  }
  const value = lookUp(test.value, facts)
  if (value === undefined) return { holds: false, why: `${test.value} is not there` }
  return compare(test, value)
}

function evaluateAll(tests: ConditionTest[], facts: RunFacts): Verdict {
  const verdicts = tests.map((test) => evaluateTest(test, facts))
  const broken = verdicts.find((verdict) => !verdict.holds)
  return broken ?? { holds: true, why: verdicts.map((verdict) => verdict.why).join('; ') }
}

function evaluateAny(tests: ConditionTest[], facts: RunFacts): Verdict {
  const verdicts = tests.map((test) => evaluateTest(test, facts))
  const held = verdicts.find((verdict) => verdict.holds)
  return held ?? { holds: false, why: verdicts.map((verdict) => verdict.why).join('; ') }
}

type Comparison = Extract<ConditionTest, { value: string }>

function compare(test: Comparison, value: Scalar): Verdict {
  const say = (holds: boolean, positive: string, negative: string, wanted: string): Verdict => ({
    holds,
    why: `${test.value} is ${show(value)}, ${holds ? positive : negative} ${wanted}`,
  })
  if ('equals' in test) return say(value === test.equals, 'which equals', 'not', show(test.equals))
  if ('in' in test) {
    return say(test.in.includes(value), 'one of', 'none of', test.in.map(show).join(', '))
  }
  if ('matches' in test) {
    const holds = typeof value === 'string' && matchesGlob(test.matches, value)
    return say(holds, 'which matches', 'which does not match', show(test.matches))
  }
  if ('greaterThan' in test) {
    const holds = typeof value === 'number' && value > test.greaterThan
    return say(holds, 'greater than', 'not greater than', show(test.greaterThan))
  }
  const holds = typeof value === 'number' && value < test.lessThan
  return say(holds, 'less than', 'not less than', show(test.lessThan))
}

/** Follows a path such as `event.campaign.id` through own properties; undefined where it ends at no plain value. */
function lookUp(path: string, facts: RunFacts): Scalar | undefined {
  let found: unknown = facts
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
    ? found
    : undefined
}

function show(value: Scalar): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
