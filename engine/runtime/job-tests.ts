/** Runs the tests that lie beside a job, and counts the edges of its step graph that they walk. */
import { compileJob } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import { fixtureFolder, readFixture } from '../config/fixtures.ts'
import { placeOf } from '../config/places.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobTest, TestGiven } from '../core/manifest.ts'
import type { JobId, Problem, Snapshot } from '../core/model.ts'
import { listEdges, nameEdge } from '../core/step-edges.ts'
import { compareRun, type Difference } from './rehearsal/verdict.ts'
import { type RehearsalData, type RehearsalParts, type Rehearsed, rehearse } from './rehearsal.ts'

export interface TestResult {
  name: string
  /** Where the test is, from 1. */
  line: number
  column: number
  passed: boolean
  outcome: Rehearsed['outcome'] | null
  path: string[]
  differences: (Omit<Difference, 'pointer'> & { line: number; column: number })[]
}

/** The edges of a job's step graph by name, each once. */
export interface Coverage {
  walked: string[]
  missed: string[]
}

export interface JobTestReport {
  job: JobId
  /** The file of its tests. */
  file: string
  tests: TestResult[]
  coverage: Coverage
  /** Why nothing was run: the job or its tests are not valid. */
  problem: Problem | null
}

type Case = JobTest['tests'][number]

/** Tests one job that there is a test file for. Throws only for what is a bug. */
export async function testJob(
  parts: RehearsalParts,
  config: Config,
  job: JobId,
  file: string,
  signal: AbortSignal,
): Promise<JobTestReport> {
  const document = config.tests.get(job)
  const problem = config.firstErrors.get(file) ?? null
  const compiled = config.jobFiles.has(job) ? compileJob(config, job) : undefined
  const report = { job, file, tests: [], coverage: { walked: [], missed: [] } }
  if (problem || !document || !compiled) return { ...report, problem }
  if ('problem' in compiled) return { ...report, problem: compiled.problem }
  const { snapshot } = compiled
  const tests: TestResult[] = []
  const walked = new Set<string>()
  for (const [index, test] of document.value.tests.entries()) {
    const at = (pointer: string) => {
      const { line, column } = placeOf(document, `/tests/${index}${pointer}`)
      return { line, column }
    }
    const { run, differences } = await runTest(parts, config, snapshot, test, signal)
    for (const edge of run?.edges ?? []) walked.add(edge)
    tests.push({
      name: test.name,
      ...at('/name'),
      passed: differences.length === 0,
      outcome: run?.outcome ?? null,
      path: run?.path ?? [],
      differences: differences.map(({ pointer, ...difference }) => ({ ...at(pointer), ...difference })),
    })
  }
  const edges = listEdges(snapshot.manifest.steps).map(nameEdge)
  const coverage = {
    walked: edges.filter((edge) => walked.has(edge)),
    missed: edges.filter((edge) => !walked.has(edge)),
  }
  return { ...report, tests, coverage, problem: null }
}

async function runTest(
  parts: RehearsalParts,
  config: Config,
  snapshot: Snapshot,
  { given = {}, expect }: Case,
  signal: AbortSignal,
): Promise<{ run?: Rehearsed; differences: Difference[] }> {
  try {
    const data: RehearsalData = fixtureOf(config, snapshot, given) ?? { kind: 'made-up', rows: 1 }
    const request = { snapshot, revision: config.revision, given, data }
    const [run] = await rehearse(parts, request, signal)
    if (!run) throw new Error(`${snapshot.job} has no run for its test`)
    const differences = compareRun(expect, run)
    return { run, differences: differences.map((each) => ({ ...each, pointer: `/expect${each.pointer}` })) }
  } catch (error) {
    if (!(error instanceof JobsdError) || signal.aborted) throw error
    return { differences: [{ pointer: '/name', what: 'run', expected: 'a run', got: error.message }] }
  }
}

/** The tables of a test's fixture folder; undefined where it has none. Throws BAD_REQUEST for tables with faults. */
export function fixtureOf(
  config: Config,
  snapshot: Snapshot,
  { dataset }: TestGiven,
): Extract<RehearsalData, { kind: 'rows' }> | undefined {
  if (dataset === undefined) return undefined
  const folder = fixtureFolder(snapshot.job, dataset)
  if (folder === undefined) throw new JobsdError('BAD_REQUEST', { reason: `${dataset} leads out of jobs.d` })
  const tenant = snapshot.policy.dataset?.client ?? snapshot.client.name
  const { tables, faults } = readFixture(config.files, folder, tenant)
  const [fault] = faults
  if (fault) throw new JobsdError('BAD_REQUEST', { reason: `${fault.file}:${fault.line}: ${fault.message}` })
  return { kind: 'rows', tables }
}
