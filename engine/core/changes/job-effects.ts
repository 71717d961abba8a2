/** All that a change does to one job. */
import { spellFollow } from '../follow-ups.ts'
import type { Snapshot, Trigger } from '../model.ts'
import { describeFields } from '../schedule-words.ts'
import { deletionEffects } from './deletion-effects.ts'
import { compareSets, deliveryEffects, recipientsOf, spellTarget, targetsOf } from './delivery-effects.ts'
import { listDifferences } from './differences.ts'
import type { Effect } from './model.ts'
import { type Phrase, phrase } from './phrase.ts'
import { queryEffects } from './query-effects.ts'
import { nextSlots, scheduleEffects } from './schedule-effects.ts'
import { settingEffects } from './setting-effects.ts'
import { stepEffects } from './step-effects.ts'

/** Told by effects of their own kind, or by the change itself. */
const ownKinds = ['name', 'previousName', 'client', 'callCenters', 'enabled', 'trigger', 'steps']

/** What becomes different when `before` is replaced by `after`; `before` is null for a new job. */
export function jobEffects(
  before: Snapshot | null,
  after: Snapshot,
  knownDomains: ReadonlySet<string>,
  nowMs: number,
): Effect[] {
  return [
    ...enabledEffects(before, after, nowMs),
    ...triggerEffects(before, after, nowMs),
    ...(before ? callCenterEffects(before, after) : []),
    ...(before ? stepEffects(before.manifest.steps, after.manifest.steps) : []),
    ...deliveryEffects(before, after, knownDomains),
    ...deletionEffects(before, after),
    ...(before ? wordingEffects(before, after) : rowEffects(after)),
  ]
}

/** What ends when a job is removed. */
export function removalEffects({ manifest, schedules, ...rest }: Snapshot): Effect[] {
  const snapshot = { manifest, schedules, ...rest }
  const stops = {
    schedules: schedules.map(
      ({ name, fields, timezone }) => `${name}: ${describeFields(fields)} ${timezone}`,
    ),
    recipients: [...new Set(recipientsOf(snapshot).map(({ address }) => address))],
    targets: [...new Set(targetsOf(snapshot).map(spellTarget))],
  }
  const told = manifest.enabled
    ? phrase`the job is removed and runs no more; what it did so far stays in the history`
    : phrase`the job is removed; it was disabled`
  return [{ kind: 'job-removed', ...stops, phrase: told }]
}

function enabledEffects(before: Snapshot | null, after: Snapshot, nowMs: number): Effect[] {
  const { enabled } = after.manifest
  if (enabled === (before?.manifest.enabled ?? true)) return []
  if (!enabled) return [{ kind: 'disabled', phrase: phrase`the job is disabled: it never starts by itself` }]
  const schedules = after.schedules.map((schedule) => ({
    schedule: schedule.name,
    slots: nextSlots(schedule, nowMs),
  }))
  return [{ kind: 'enabled', schedules, phrase: phrase`the job is enabled: it starts by itself` }]
}

function triggerEffects(before: Snapshot | null, after: Snapshot, nowMs: number): Effect[] {
  const [old, now] = [before?.manifest.trigger, after.manifest.trigger]
  const follows: Phrase = now.type === 'after' ? phrase`: it runs ${spellFollow(now)}` : []
  const told =
    old === undefined
      ? phrase`trigger type ${now.type}${follows}`
      : phrase`trigger type ${now.type}${follows}, it was ${old.type}`
  const set: Effect[] =
    old?.type === now.type
      ? []
      : [{ kind: 'trigger-set', before: old?.type ?? null, after: now.type, phrase: told }]
  return [
    ...set,
    ...scheduleEffects(before?.schedules ?? [], after.schedules, nowMs),
    ...folderEffects(old, now),
    ...(old?.type === now.type
      ? settingEffects(phrase`the trigger`, 'trigger', listDifferences(otherKeys(old), otherKeys(now)))
      : []),
  ]
}

/** What a trigger has besides its schedules and folders. */
function otherKeys(trigger: Trigger): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(trigger).filter(([key]) => !['type', 'schedules', 'folders'].includes(key)),
  )
}

function folderEffects(before: Trigger | undefined, after: Trigger): Effect[] {
  const foldersOf = (trigger: Trigger | undefined) => (trigger?.type === 'ftp-in' ? trigger.folders : [])
  const keyOf = ({ connection, path }: { connection: string; path: string }) => `${connection}:${path}`
  const [old, now] = [foldersOf(before), foldersOf(after)]
  const { gained, lost } = compareSets(old, now, keyOf)
  const kept = now.flatMap((folder) => {
    const was = old.find((each) => keyOf(each) === keyOf(folder))
    if (!was) return []
    const place = `trigger.folders[${keyOf(folder)}]`
    return settingEffects(phrase`drop folder ${keyOf(folder)}`, place, listDifferences(was, folder))
  })
  return [
    ...gained.map(
      ({ connection, path, match }): Effect => ({
        kind: 'folder-gained',
        connection,
        path,
        phrase: phrase`drop folder ${`${connection}:${path}`} is watched for ${(match ?? ['*']).join(' ')}`,
      }),
    ),
    ...lost.map(
      ({ connection, path }): Effect => ({
        kind: 'folder-lost',
        connection,
        path,
        phrase: phrase`drop folder ${`${connection}:${path}`} is no longer watched`,
      }),
    ),
    ...kept,
  ]
}

function callCenterEffects(before: Snapshot, after: Snapshot): Effect[] {
  // A job over the whole client has no run of a call center.
  const centersOf = ({ manifest }: Snapshot) => (manifest.scope === 'call-center' ? manifest.callCenters : [])
  const { gained, lost } = compareSets(centersOf(before), centersOf(after), String)
  return [
    ...gained.map(
      (callCenter): Effect => ({
        kind: 'call-center-gained',
        callCenter,
        phrase: phrase`call center ${callCenter} gets a run of its own`,
      }),
    ),
    ...lost.map(
      (callCenter): Effect => ({
        kind: 'call-center-lost',
        callCenter,
        phrase: phrase`call center ${callCenter} has no run any more`,
      }),
    ),
  ]
}

/** Of a new job: that it makes more runs than its slots and events tell. */
function rowEffects({ manifest: { fanOut } }: Snapshot): Effect[] {
  if (!fanOut) return []
  const told = phrase`each run makes one for each row of its query, by ${fanOut.key}`
  return [{ kind: 'setting-changed', place: 'fanOut.key', before: null, after: fanOut.key, phrase: told }]
}

/** Title, description, scope, and whatever else a manifest says. */
function wordingEffects(before: Snapshot, after: Snapshot): Effect[] {
  const rest = ({ manifest }: Snapshot) =>
    Object.fromEntries(Object.entries(manifest).filter(([key]) => !ownKinds.includes(key)))
  const queries = queryEffects(before, after)
  const isOther = ({ place }: { place: string }) =>
    !queries.some((effect) => 'place' in effect && effect.place === place)
  const others = listDifferences(rest(before), rest(after)).filter(isOther)
  return [...settingEffects(phrase`the job`, '', others), ...queries]
}
