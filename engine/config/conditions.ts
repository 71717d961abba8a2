/** What can be said about a condition before it is run. Pure. */
import { matchesGlob } from '../core/glob.ts'
import type { ConditionStep } from '../core/manifest.ts'
import type { Step } from '../core/model.ts'
import type { Follows } from './graph.ts'
import { pointerPart } from './places.ts'

export type Test = ConditionStep['when']
export type Comparison = Extract<Test, { value: string }>

/** One comparison of a condition with the pointers to its parts. */
export interface ComparedValue {
  value: string
  pointer: string
  test: Comparison
  /** The values that it is compared with for equality, with their pointers. */
  equals: { pointer: string; to: string | number | boolean }[]
}

/** The comparisons in a test, in order. */
export function conditionValues(test: Test, pointer: string): ComparedValue[] {
  if ('all' in test) return test.all.flatMap((one, index) => conditionValues(one, `${pointer}/all/${index}`))
  if ('any' in test) return test.any.flatMap((one, index) => conditionValues(one, `${pointer}/any/${index}`))
  if ('not' in test) return conditionValues(test.not, `${pointer}/not`)
  const equals =
    'equals' in test
      ? [{ pointer: `${pointer}/equals`, to: test.equals }]
      : 'in' in test
        ? test.in.map((to, index) => ({ pointer: `${pointer}/in${pointerPart(index)}`, to }))
        : []
  return [{ value: test.value, pointer: `${pointer}/value`, test, equals }]
}

/** A walk that decides the conditions which only ask for the call center; other conditions go both ways. */
export function followsFor(callCenter: string): Follows {
  return (step: Step, edge) => {
    if (step.type !== 'condition') return true
    const decided = decideTest(step.when, callCenter)
    return decided === undefined || decided === (edge === 'onSuccess')
  }
}

/** Which way a test goes for a call center; undefined where more than the call center is asked. */
export function decideTest(test: Test, callCenter: string): boolean | undefined {
  if ('not' in test) {
    const inner = decideTest(test.not, callCenter)
    return inner === undefined ? undefined : !inner
  }
  if ('all' in test)
    return combine(
      test.all.map((one) => decideTest(one, callCenter)),
      false,
    )
  if ('any' in test)
    return combine(
      test.any.map((one) => decideTest(one, callCenter)),
      true,
    )
  return test.value === 'run.callCenter' ? compare(test, callCenter) : undefined
}

/** `dominant` alone decides; otherwise everything must be known. */
function combine(results: (boolean | undefined)[], dominant: boolean): boolean | undefined {
  if (results.includes(dominant)) return dominant
  return results.includes(undefined) ? undefined : !dominant
}

function compare(test: Comparison, callCenter: string): boolean | undefined {
  if ('equals' in test) return test.equals === callCenter
  if ('in' in test) return test.in.includes(callCenter)
  if ('matches' in test) return matchesGlob(test.matches, callCenter)
  return undefined
}
