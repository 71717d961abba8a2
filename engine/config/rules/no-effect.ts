/** The rule about keys that change nothing where they stand: whoever wrote them expected something else. */
import type { Job } from '../../core/manifest.ts'
import type { Manifests } from '../config.ts'
import { parseEvery } from '../every.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { idleDropKeys } from './drop-folders.ts'
import { jobRule, type Rule } from './rule.ts'

/** A key without effect, and why. */
type Idle = [pointer: string, reason: string]

const noEffect = jobRule('no-effect', (document, report, manifests) => {
  for (const [pointer, reason] of idleKeys(document, manifests)) {
    const key = pointer.slice(pointer.lastIndexOf('/') + 1)
    report(placeOf(document, pointer, 'key'), `${key} has no effect ${reason}`, 'warning')
  }
})

function idleKeys({ value: job }: LoadedDocument<Job>, { calendars }: Manifests): Idle[] {
  const schedules = job.trigger.type === 'scheduled' ? job.trigger.schedules : []
  return [
    ...(job.callCenters && job.scope === 'client'
      ? [['/callCenters', 'with scope "client"; use scope "call-center"'] satisfies Idle]
      : []),
    ...schedules.flatMap((schedule, index): Idle[] => {
      const { calendar, onHoliday, onBlackout, catchUp, catchUpWindow, every, timezone } = schedule
      const pointer = `/trigger/schedules/${index}`
      const named = calendar === undefined ? undefined : calendars.get(calendar)?.value
      const isUnclosed = calendar === undefined || (named && !named.blackouts?.length)
      return [
        ...(onBlackout && isUnclosed
          ? [[`${pointer}/onBlackout`, 'without a calendar that has blackouts'] satisfies Idle]
          : []),
        ...(timezone && every && 'afterDay' in parseEvery(every)
          ? [[`${pointer}/timezone`, "with every end-of-day: that is the client's day"] satisfies Idle]
          : []),
        ...(onHoliday && !calendar ? [[`${pointer}/onHoliday`, 'without a calendar'] satisfies Idle] : []),
        ...(catchUpWindow && catchUp === 'none'
          ? [[`${pointer}/catchUpWindow`, 'with catchUp "none"'] satisfies Idle]
          : []),
      ]
    }),
    ...idleDropKeys(job),
    ...job.steps.flatMap(({ retry }, index): Idle[] =>
      retry?.maxAttempts === 1
        ? (['delay', 'backoffFactor', 'maxDelay'] as const)
            .filter((key) => retry[key] !== undefined)
            .map((key) => [`/steps/${index}/retry/${key}`, 'with one attempt; maxAttempts is the total'])
        : [],
    ),
  ]
}

export const noEffectRules: Rule[] = [noEffect]
