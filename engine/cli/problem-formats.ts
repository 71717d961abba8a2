/** Problems for machines: JSON, SARIF 2.1.0, and GitHub's workflow commands. All in the order they are given. */

import { compareText } from '../config/problems.ts'
import type { Problem } from '../core/model.ts'

export const problemFormats = ['text', 'json', 'sarif', 'github'] as const
export type ProblemFormat = (typeof problemFormats)[number]

/** What a rule is about, and what to do: for people who see a problem without the documentation at hand. */
export interface RuleHelp {
  text: string
  markdown: string
}

export interface ReportOptions {
  version: string
  helpOf(rule: string): RuleHelp | undefined
  /** The path that a file has from the root of the checkout: there the readers of a report look for it. */
  locate(file: string): string
}

/** One JSON document, `{ problems: [...] }`. */
export function formatJson(problems: readonly Problem[]): string {
  return JSON.stringify({ problems }, null, 2)
}

/**
 * One SARIF 2.1.0 log: a result a problem, and the help of each rule that has one. Paths are relative to %SRCROOT%;
 * columns count UTF-16 units from 1, ends are exclusive.
 */
export function formatSarif(problems: readonly Problem[], options: ReportOptions): string {
  const rules = [...new Set(problems.map(({ rule }) => rule))].sort(compareText)
  const driver = {
    name: 'jobsd',
    semanticVersion: options.version,
    rules: rules.map((rule) => describeRule(rule, options.helpOf(rule))),
  }
  const results = problems.map((problem) => ({
    ruleId: problem.rule,
    ruleIndex: rules.indexOf(problem.rule),
    level: problem.severity,
    message: { text: escapeSarif(problem.message) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodePath(options.locate(problem.file)), uriBaseId: '%SRCROOT%' },
          region: {
            startLine: problem.line,
            startColumn: problem.column,
            endLine: problem.endLine,
            endColumn: problem.endColumn,
          },
        },
      },
    ],
  }))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  }
  return JSON.stringify(log, null, 2)
}

function describeRule(rule: string, help: RuleHelp | undefined) {
  if (!help) return { id: rule }
  return {
    id: rule,
    shortDescription: { text: escapeSarif(help.text.split(/(?<=\.)\s/)[0] ?? rule) },
    help: { text: escapeSarif(help.text), markdown: help.markdown },
  }
}

/** SARIF reads `{0}` as a placeholder and `[text](target)` as a link; a manifest's text is neither. */
function escapeSarif(text: string): string {
  return text.replace(/\{(\d+)\}/g, '{{$1}}').replace(/\[(?=[^\]]*\]\()/g, '\\[')
}

/** A path as a relative URI: every part encoded, so that no part can be a scheme, a query or a fragment. */
function encodePath(path: string): string {
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/')
}

/** One workflow command a line: GitHub shows each at its place in the pull request. Empty where there is nothing. */
export function formatGithub(
  problems: readonly Problem[],
  { locate }: Pick<ReportOptions, 'locate'>,
): string {
  return problems
    .map((problem) => {
      const { line, column, endLine, endColumn, rule } = problem
      // GitHub takes columns within one line only.
      const columns = endLine === line ? [`col=${column}`, `endColumn=${endColumn}`] : []
      const properties = [
        `file=${escapeProperty(locate(problem.file))}`,
        `line=${line}`,
        `endLine=${endLine}`,
        ...columns,
        `title=${escapeProperty(rule)}`,
      ]
      return `::${problem.severity} ${properties.join(',')}::${escapeMessage(problem.message)}`
    })
    .join('\n')
}

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
