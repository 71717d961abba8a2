/** A plan as one comment on a pull request. Whatever manifests say is shown as code: no markup, link or mention in it acts. */
import type { Effect, JobChange, Plan, SharedChange } from '../core/changes/model.ts'
import { spellPhrase } from '../core/changes/phrase.ts'
import { spellCount } from '../core/spell-count.ts'
import { cutBlocks, escapeHtml, fence, nestItem, takeWithin, toCellCode, toCodeSpan } from './markdown.ts'
import { detailLines, graphText, ownChanges, signOf, spellProblem, summarizeProblems } from './plan-words.ts'

/** The first line: what posts the comment finds its earlier one by it. */
export const planMarker = '<!-- jobsd-plan -->'

const maxCharacters = 60_000
const maxBlockCharacters = 12_000

export function formatPlanMarkdown(plan: Plan): string {
  const head = [planMarker, '### jobsd plan', spellPhrase(plan.blastRadius.phrase, toCodeSpan)].join('\n\n')
  const blocks = [
    ...summaryTable(plan),
    ...problemBlock(plan),
    ...ownChanges(plan)
      .filter(({ effects }) => effects.length > 0)
      .map(changeBlock),
    ...plan.shared.map(sharedBlock),
  ]
  return cutBlocks(head, blocks, maxCharacters)
}

function summaryTable(plan: Plan): string[] {
  const changes = ownChanges(plan)
  if (changes.length === 0) return []
  const rows = changes.map(({ job, kind, effects, verdict }) => {
    const told = effects.length === 0 ? 'no change in behaviour' : spellCount(effects.length, 'effect')
    return `| ${toCellCode(job)} | ${kind} | ${told} | ${verdict.valid ? 'valid' : '**invalid**'} |`
  })
  const { taken, left } = takeWithin(rows, maxBlockCharacters)
  const table = ['| Job | Change | Effects | Verdict |', '| --- | --- | --- | --- |', ...taken].join('\n')
  return left > 0 ? [table, `and ${spellCount(left, 'more job')}`] : [table]
}

function problemBlock(plan: Plan): string[] {
  const summary = summarizeProblems(plan)
  if (summary === '') return []
  const sorted = [...plan.problems].sort((a, b) => Number(b.isNew) - Number(a.isNew))
  const items = [
    ...sorted.map(
      (problem) => `- ${problem.isNew ? '**new**' : 'known'}: ${toCodeSpan(spellProblem(problem))}`,
    ),
    ...plan.mended.map((problem) => `- mended: ${toCodeSpan(spellProblem(problem))}`),
  ]
  return [`**${summary}**`, listWithin(items, 'problem')]
}

function changeBlock(change: JobChange): string {
  const { job, kind, effects } = change
  const graph = graphText(change)
  const items = listWithin(effects.map(effectItem), 'effect')
  const body = graph.length > 0 ? [items, fence(graph.slice(0, 40))] : [items]
  return details(`${htmlCode(job)} ${kind}: ${spellCount(effects.length, 'effect')}`, body)
}

function effectItem(effect: Effect): string {
  const lines = detailLines(effect)
  const head = `- **${signOf(effect)}** ${spellPhrase(effect.phrase, toCodeSpan)}`
  return lines.length === 0 ? head : nestItem(head, fence(lines))
}

function sharedBlock({ file, kind, name, change, differences, jobs }: SharedChange): string {
  const items = differences.map((each) => `- ${spellPhrase(each, toCodeSpan)}`)
  const reached = jobs.map(toCodeSpan)
  const { taken, left } = takeWithin(reached, maxBlockCharacters / 4)
  const reach =
    jobs.length === 0
      ? 'No job runs otherwise.'
      : `Reaches ${spellCount(jobs.length, 'job')}: ${taken.join(', ')}${left > 0 ? ` and ${left} more` : ''}`
  const body = items.length > 0 ? [listWithin(items, 'difference'), reach] : [reach]
  return details(
    `${kind} ${htmlCode(name)} ${change} (${htmlCode(file)}): reaches ${spellCount(jobs.length, 'job')}`,
    body,
  )
}

function details(summary: string, body: string[]): string {
  // The blank lines let Markdown begin again inside of the HTML.
  return [`<details><summary>${summary}</summary>`, ...body, '</details>'].join('\n\n')
}

function listWithin(items: string[], noun: string): string {
  const { taken, left } = takeWithin(items, maxBlockCharacters)
  return [...taken, ...(left > 0 ? [`- and ${spellCount(left, `more ${noun}`)}`] : [])].join('\n')
}

function htmlCode(text: string): string {
  return `<code>${escapeHtml(text)}</code>`
}
