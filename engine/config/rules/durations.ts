/** The rule about how long things may take: what one job waits for must not hold up others for days. */
import { formatDuration, parseDuration } from '../../core/duration.ts'
import type { Job, Settings } from '../../core/manifest.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Report, Rule } from './rule.ts'

interface Limited {
  pointer: string
  text: string | undefined
  least: string
  most: string
}

function durationsOf({ timeout, trigger, steps }: Job): Limited[] {
  const ofSteps = steps.flatMap(({ timeout: ofStep, retry }, index): Limited[] => [
    { pointer: `/steps/${index}/timeout`, text: ofStep, least: '1s', most: '6h' },
    { pointer: `/steps/${index}/retry/delay`, text: retry?.delay, least: '1ms', most: '1d' },
    { pointer: `/steps/${index}/retry/maxDelay`, text: retry?.maxDelay, least: '1s', most: '1d' },
  ])
  // No store signs a link for longer.
  const ofLinks = steps.flatMap((step, index): Limited[] =>
    step.type === 'email'
      ? [{ pointer: `/steps/${index}/linkFor`, text: step.linkFor, least: '1h', most: '7d' }]
      : [],
  )
  const folders = trigger.type === 'ftp-in' ? trigger.folders : []
  const schedules = trigger.type === 'scheduled' ? trigger.schedules : []
  return [
    { pointer: '/timeout', text: timeout, least: '1m', most: '30d' },
    ...folders.flatMap(({ every, minAge, maxWait }, index): Limited[] => [
      { pointer: `/trigger/folders/${index}/every`, text: every, least: '1s', most: '1d' },
      { pointer: `/trigger/folders/${index}/minAge`, text: minAge, least: '1s', most: '1d' },
      { pointer: `/trigger/folders/${index}/maxWait`, text: maxWait, least: '1m', most: '30d' },
    ]),
    ...schedules.flatMap(({ catchUpWindow, spread }, index): Limited[] => {
      const pointer = `/trigger/schedules/${index}`
      return [
        { pointer: `${pointer}/catchUpWindow`, text: catchUpWindow, least: '1m', most: '400d' },
        { pointer: `${pointer}/spread`, text: spread, least: '1s', most: '6h' },
      ]
    }),
    ...ofSteps,
    ...ofLinks,
  ]
}

function settingsDurations({ alerts, retention }: Settings): Limited[] {
  return [
    { pointer: '/alerts/digest', text: alerts.digest, least: '1m', most: '1d' },
    { pointer: '/retention/runs', text: retention?.runs, least: '1d', most: '4000d' },
    { pointer: '/retention/artifacts', text: retention?.artifacts, least: '1d', most: '4000d' },
    { pointer: '/retention/events', text: retention?.events, least: '30d', most: '4000d' },
  ]
}

const limits = new Map<string, number>()

/** Milliseconds of one of the few limits. */
function limitMs(limit: string): number {
  const ms = limits.get(limit) ?? parseDuration(limit)
  limits.set(limit, ms)
  return ms
}

const outOfRange: Rule = {
  name: 'duration-range',
  check({ settings }, report) {
    if (!settings) return
    tellRange(settings, settingsDurations(settings.value), report)
  },
  checkJob(document, report) {
    tellRange(document, durationsOf(document.value), report)
  },
}

function tellRange(document: LoadedDocument<unknown>, durations: Limited[], report: Report): void {
  for (const { pointer, text, least, most } of durations) {
    if (text === undefined) continue
    const ms = parseDuration(text)
    if (ms >= limitMs(least) && ms <= limitMs(most)) continue
    const range = `${formatDuration(parseDuration(least))} to ${formatDuration(parseDuration(most))}`
    report(placeOf(document, pointer), `${quote(text)} is out of range; allowed: ${range}`)
  }
}

export const durationRules: Rule[] = [outOfRange]
