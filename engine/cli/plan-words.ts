/** What the texts of a plan have in common: signs, slots in words, and manifest text that cannot play tricks. */
import { spellMoment } from '../catalog/plain-words.ts'
import { formatProblemLine } from '../config/problems.ts'
import type { Effect, JobChange, Plan, SlotView } from '../core/changes/model.ts'
import type { Problem } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { showSafely } from './show-safely.ts'

/** `+` for what comes, `-` for what goes, `!` for what does not work, otherwise `~`. */
export function signOf({ kind }: Effect): '+' | '-' | '~' | '!' {
  if (kind === 'stops-compiling' || kind === 'still-broken') return '!'
  if (/-(added|gained)$/.test(kind) || kind === 'enabled') return '+'
  if (/-(removed|lost)$/.test(kind) || kind === 'disabled') return '-'
  return '~'
}

/** Lines that go with an effect: slots before and after, what ends with a job. Safe to print. */
export function detailLines(effect: Effect): string[] {
  switch (effect.kind) {
    case 'schedule-added':
    case 'schedule-removed':
    case 'schedule-moved':
      return labelLines({
        before: effect.before.map(spellSlot),
        after: spellAfter(effect.kind, effect.after),
        later: effect.clockChanges.map(spellSlot),
      })
    case 'enabled':
      return effect.schedules.flatMap(({ schedule, slots }) =>
        labelLines({ [showSafely(schedule)]: slots.map(spellSlot) }),
      )
    case 'job-removed':
      return labelLines({
        'no more slots': effect.schedules.map(showSafely),
        'no more mail': effect.recipients.map(showSafely),
        'no more files': effect.targets.map(showSafely),
      })
    default:
      return []
  }
}

/** The step graph before and after. Safe to print. */
export function graphText({ graph }: JobChange): string[] {
  if (!graph) return []
  const after = graph.after.map(showSafely)
  if (graph.before.length === 0) return labelLines({ steps: after })
  return labelLines({ 'steps before': graph.before.map(showSafely), 'steps after': after })
}

/** Jobs that are told one by one; the others only differ by a shared file and are told with it. */
export function ownChanges({ changes }: Plan): JobChange[] {
  return changes.filter(
    ({ effects }) => effects.length === 0 || effects.some(({ kind }) => kind !== 'shared-changed'),
  )
}

/** `3 problems, 1 new; 2 problems mended`, `1 new problem`; empty where there is nothing to tell. */
export function summarizeProblems({ problems, mended }: Plan): string {
  const added = problems.filter(({ isNew }) => isNew).length
  const parts = [
    problems.length > 0 && added === problems.length ? spellCount(added, 'new problem') : '',
    problems.length > added ? `${spellCount(problems.length, 'problem')}, ${added || 'none'} new` : '',
    mended.length > 0 ? `${spellCount(mended.length, 'problem')} mended` : '',
  ]
  return parts.filter(Boolean).join('; ')
}

/** The place, message and rule of a problem. Safe to print. */
export function spellProblem(problem: Problem): string {
  return showSafely(formatProblemLine(problem))
}

function spellSlot({ at, local, timezone, outcome, note }: SlotView): string {
  const moment = `${spellMoment(timezone, Date.parse(at)).text} ${local.slice(-6)}`
  const told = [outcome === 'run' ? '' : outcome, note].filter(Boolean).join(': ')
  return told ? `${moment}  ${showSafely(told)}` : moment
}

function spellAfter(kind: Effect['kind'], slots: SlotView[]): string[] {
  if (kind === 'schedule-removed') return []
  return slots.length > 0 ? slots.map(spellSlot) : ['none in the coming five years']
}

/** Lines in a column, each group with its label before the first one. */
function labelLines(groups: Record<string, string[]>): string[] {
  const used = Object.entries(groups).filter(([, lines]) => lines.length > 0)
  const width = Math.max(0, ...used.map(([label]) => label.length))
  return used.flatMap(([label, lines]) =>
    lines.map((line, index) => `${(index === 0 ? label : '').padEnd(width)}  ${line}`),
  )
}
