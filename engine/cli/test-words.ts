/** What tests came to, as people and scripts read it. */
import type { Config } from '../config/config.ts'
import { formatProblem } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import type { JobId } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import type { JobTestReport, TestResult } from '../runtime/job-tests.ts'
import { toOneLine } from './one-line.ts'

export interface TestRun {
  reports: JobTestReport[]
  /** Jobs without a test file. */
  untested: JobId[]
}

/** Edges walked of all edges of the jobs with tests. */
export function countEdges({ reports }: Pick<TestRun, 'reports'>): {
  walked: number
  edges: number
  percent: number
} {
  const walked = reports.reduce((sum, { coverage }) => sum + coverage.walked.length, 0)
  const edges = reports.reduce((sum, { coverage }) => sum + coverage.missed.length, walked)
  // Rounded down: 99.6 % is not all of it.
  return { walked, edges, percent: edges === 0 ? 0 : Math.floor((100 * walked) / edges) }
}

/** The JSON shape of `jobsd test` (stable: fields may be added, never renamed). */
export function toTestJson(run: TestRun) {
  const tests = run.reports.flatMap((report) => report.tests)
  return {
    jobs: run.reports.map(({ job, file, problem, tests: own, coverage }) => ({
      job,
      file,
      problem,
      tests: own,
      coverage,
    })),
    untested: run.untested,
    total: {
      passed: tests.filter(({ passed }) => passed).length,
      failed: tests.filter(({ passed }) => !passed).length,
      coverage: countEdges(run),
    },
  }
}

/** One job: a line a test, what came otherwise, and the edges that were not walked. */
export function describeJobTests(
  { job, file, tests, coverage, problem }: JobTestReport,
  config: Config,
): string {
  if (problem) {
    const shown = formatProblem(problem, readText(config, problem.file))
    return [job, '  ✗ not run: it is not valid', indent(shown, 4)].join('\n')
  }
  const { walked, missed } = coverage
  const missing = missed.length === 0 ? [] : [`    not walked: ${missed.join(', ')}`]
  return [
    job,
    ...tests.map((test) => describeTest(test, file)),
    `  ${walked.length} of ${spellCount(walked.length + missed.length, 'edge')} walked`,
    ...missing,
  ].join('\n')
}

function describeTest({ name, passed, differences }: TestResult, file: string): string {
  if (passed) return `  ✓ ${toOneLine(name)}`
  const told = differences.map(({ line, column, what, expected, got }) =>
    [`${file}:${line}:${column}: ${what}`, `  expected  ${expected}`, `  got       ${got}`]
      .map(toOneLine)
      .join('\n'),
  )
  return [`  ✗ ${toOneLine(name)}`, ...told.map((text) => indent(text, 4))].join('\n')
}

/** The last lines: jobs without tests, and the sum. */
export function describeTotal(run: TestRun, required?: number): string {
  const { total } = toTestJson(run)
  const { walked, edges, percent } = total.coverage
  const broken = run.reports.filter(({ problem }) => problem).length
  const untested =
    run.untested.length > 0
      ? [`${spellCount(run.untested.length, 'job')} without tests: ${run.untested.join(', ')}`]
      : []
  const invalid = broken > 0 ? `, ${spellCount(broken, 'job')} not valid` : ''
  const sum = `${spellCount(total.passed, 'test')} passed, ${total.failed} failed${invalid}; ${walked} of ${spellCount(edges, 'edge')} walked (${percent} %)`
  const short =
    required !== undefined && percent < required ? [`too few edges: ${required} % are required`] : []
  return [...(run.reports.length > 0 ? [''] : []), ...untested, sum, ...short].join('\n')
}

function indent(text: string, width: number): string {
  return text.replace(/^/gm, ' '.repeat(width))
}
