/** A job's change history in plain words, from what customers may see of two versions and from nothing else. */

import type { DefinitionView } from './definition-view.ts'
import type { Moment } from './plain-words.ts'
import { words } from './words.ts'

export interface ChangeView {
  at: Moment
  /** One sentence each. */
  lines: string[]
}

export interface VersionView {
  at: Moment
  definition: DefinitionView
}

/** What changed with each version, newest first; the oldest that is known is where the history begins. */
export function viewChanges(versions: readonly VersionView[]): ChangeView[] {
  return versions.map(({ at, definition }, index) => {
    const before = versions[index + 1]?.definition
    if (before === undefined) return { at, lines: [words.changes.first] }
    const lines = describeDifference(before, definition)
    // Behind a mask, or of no interest to a customer: that something changed is said, what is not.
    return { at, lines: lines.length > 0 ? lines : [words.changes.unseen] }
  })
}

/** What a customer can see to differ, one sentence each. */
export function describeDifference(before: DefinitionView, after: DefinitionView): string[] {
  const { changes } = words
  const lines: string[] = []
  const compare = (name: string, a: string, b: string) => {
    if (a !== b) lines.push(changes.value(name, a, b))
  }
  if (before.isEnabled !== after.isEnabled) lines.push(after.isEnabled ? changes.enabled : changes.disabled)
  compare(changes.title, before.title, after.title)
  if (before.description !== after.description) lines.push(changes.description)
  compare(words.general.triggerType, before.trigger.type, after.trigger.type)
  compare(words.general.scope, before.scope, after.scope)
  compare(words.general.rows, before.rows, after.rows)
  lines.push(...compareLists(words.general.callCenter, before.callCenters, after.callCenters))
  lines.push(...compareSchedules(before, after))
  if (before.schedules.length + after.schedules.length === 0)
    compare(words.general.starts, before.trigger.words.join('; '), after.trigger.words.join('; '))
  lines.push(...compareSteps(before, after))
  return lines
}

function compareSchedules(before: DefinitionView, after: DefinitionView): string[] {
  const spell = ({ words: text, timezone, daysOff }: DefinitionView['schedules'][number]) =>
    [`${text} (${timezone})`, daysOff].filter(Boolean).join('; ')
  return compareNamed(words.changes.schedule, before.schedules, after.schedules, (a, b, name) =>
    spell(a) === spell(b) ? [] : [words.changes.value(name, spell(a), spell(b))],
  )
}

function compareSteps(before: DefinitionView, after: DefinitionView): string[] {
  const { general, changes } = words
  const lines = compareNamed(changes.step, before.steps, after.steps, (a, b, name) => {
    const labels = new Set([...a.details, ...b.details].map(({ label }) => label))
    const detailOf = (step: typeof a, label: string) =>
      step.details.find((detail) => detail.label === label)?.value ?? ''
    return [
      [general.type, a.type, b.type] as const,
      [general.nextSuccess, a.nextSuccess, b.nextSuccess] as const,
      [general.nextFailure, a.nextFailure, b.nextFailure] as const,
      ...[...labels].map((label) => [label, detailOf(a, label), detailOf(b, label)] as const),
    ].flatMap(([label, was, is]) => (was === is ? [] : [changes.value(`${name}, ${label}`, was, is)]))
  })
  const order = (view: DefinitionView, other: DefinitionView) =>
    view.steps.map(({ name }) => name).filter((name) => other.steps.some((step) => step.name === name))
  if (order(before, after).join() !== order(after, before).join()) lines.push(changes.order)
  return lines
}

function compareNamed<T extends { name: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  compare: (a: T, b: T, name: string) => string[],
): string[] {
  const { changes } = words
  const known = new Map(before.map((item) => [item.name, item]))
  const kept = new Set(after.map(({ name }) => name))
  return [
    ...before.filter(({ name }) => !kept.has(name)).map(({ name }) => changes.removed(kind, name)),
    ...after.flatMap((item) => {
      const old = known.get(item.name)
      return old ? compare(old, item, `${kind} ${item.name}`) : [changes.added(kind, item.name)]
    }),
  ]
}

function compareLists(kind: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((text) => !after.includes(text)).map((text) => words.changes.removed(kind, text)),
    ...after.filter((text) => !before.includes(text)).map((text) => words.changes.added(kind, text)),
  ]
}
