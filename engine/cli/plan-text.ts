import type { Effect, JobChange, Plan, SharedChange } from '../core/changes/model.ts'
import { spellPhrase } from '../core/changes/phrase.ts'
import { spellCount } from '../core/spell-count.ts'
import { detailLines, graphText, ownChanges, signOf, spellProblem, summarizeProblems } from './plan-words.ts'
import { showSafely } from './show-safely.ts'

const maxNamedJobs = 10

/** A plan for a terminal; the last line is the blast radius. */
export function formatPlanText(plan: Plan): string {
  const blocks = [
    ...ownChanges(plan).map(describeChange),
    ...plan.shared.map(describeShared),
    describeProblems(plan),
    [spellPhrase(plan.blastRadius.phrase, showSafely)],
  ]
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function describeChange(change: JobChange): string[] {
  const head = `${change.kind}  ${showSafely(change.job)}`
  if (change.effects.length === 0) return [`${head}  no change in behaviour`]
  return [head, ...change.effects.flatMap(describeEffect), ...indent(graphText(change), 4)]
}

function describeEffect(effect: Effect): string[] {
  return [`  ${signOf(effect)} ${spellPhrase(effect.phrase, showSafely)}`, ...indent(detailLines(effect), 6)]
}

function describeShared({ file, kind, name, change, differences, jobs }: SharedChange): string[] {
  const named = jobs.slice(0, maxNamedJobs).map(showSafely).join(', ')
  const more = jobs.length > maxNamedJobs ? ` and ${jobs.length - maxNamedJobs} more` : ''
  const reach =
    jobs.length === 0 ? 'no job runs otherwise' : `reaches ${spellCount(jobs.length, 'job')}: ${named}${more}`
  return [
    `${change}  ${kind} ${showSafely(name)} (${showSafely(file)})`,
    ...differences.map((each) => `  ~ ${spellPhrase(each, showSafely)}`),
    `    ${reach}`,
  ]
}

function describeProblems(plan: Plan): string[] {
  const summary = summarizeProblems(plan)
  if (summary === '') return []
  const known = plan.problems.filter(({ isNew }) => !isNew)
  return [
    summary,
    ...plan.problems.filter(({ isNew }) => isNew).map((problem) => `  ! new     ${spellProblem(problem)}`),
    ...known.map((problem) => `  ! known   ${spellProblem(problem)}`),
    ...plan.mended.map((problem) => `  + mended  ${spellProblem(problem)}`),
  ]
}

function indent(lines: string[], width: number): string[] {
  return lines.map((line) => ' '.repeat(width) + line)
}
