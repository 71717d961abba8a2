/** Rules about the tests of jobs: what they give and expect must be about that job. */
import { errorTable } from '../../core/errors.ts'
import { rowParametersOf, runParametersOf } from '../../core/fan-out.ts'
import type { Job, JobTest, TestGiven } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { readMoment } from '../../core/moment.ts'
import { readParameter } from '../../core/parameters.ts'
import { suggestWord } from '../../core/suggest.ts'
import type { Manifests } from '../config.ts'
import { type FixtureFault, fixtureFolder, readFixture } from '../fixtures.ts'
import { firstTriggers } from '../followed-jobs.ts'
import { jobFile } from '../layout.ts'
import { type LoadedDocument, placeOf, pointerPart } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { callCentersOf } from './call-centers.ts'
import { unknownParameter } from './parameters.ts'
import type { Report, Rule } from './rule.ts'

const testWithoutJob: Rule = {
  name: 'test-without-job',
  check({ tests, jobFiles }, report) {
    for (const [job, document] of tests) {
      if (jobFiles.has(job)) continue
      const message = `there is no job ${quote(job)} to test: ${jobFile(job)} is missing; if the job was deleted on purpose, delete this test file too`
      report(placeOf(document, '/name'), message)
    }
  },
}

type Case = JobTest['tests'][number]

/** A rule that looks at each test of a job that could be read. `at` is the pointer to the test. */
function testRule(name: string, check: (test: Case, at: string, report: Report, about: About) => void): Rule {
  return {
    name,
    check(manifests, report) {
      for (const [id, document] of manifests.tests) {
        const job = manifests.jobs.get(id)?.value
        if (!job) continue
        document.value.tests.forEach((test, index) => {
          check(test, `/tests/${index}`, report, { id, job, document, manifests })
        })
      }
    },
  }
}

interface About {
  id: JobId
  job: Job
  document: LoadedDocument<JobTest>
  manifests: Manifests
}

const testStep = testRule('test-step', ({ given, expect }, at, report, { job, document }) => {
  const names = job.steps.map((step) => step.name)
  const expectStep = (pointer: string, name: string, on: 'value' | 'key' = 'value') => {
    if (names.includes(name)) return
    const hint = suggestWord(name, names) || `; allowed: ${listWords(names)}`
    report(placeOf(document, pointer, on), `the job has no step ${quote(name)}${hint}`)
  }
  for (const name of Object.keys(given?.steps ?? {})) {
    expectStep(`${at}/given/steps${pointerPart(name)}`, name, 'key')
  }
  expect.path?.forEach((name, index) => {
    expectStep(`${at}/expect/path/${index}`, name)
  })
  expect.deliveries?.forEach(({ step }, index) => {
    expectStep(`${at}/expect/deliveries/${index}/step`, step)
  })
  expect.notices?.forEach(({ step }, index) => {
    expectStep(`${at}/expect/notices/${index}/step`, step)
  })
})

// No step meets these: they are about the engine as a whole.
const foreignCodes =
  /^(ENGINE|LEDGER|BACKUP|JOB|RUN|SITE|REPOSITORY|REVISION|GIT|FAN_OUT|SOURCE|BRANCH|PATH|COMMIT|PLATFORM)_|^(NOT_FAST_FORWARD|BAD_REQUEST)$/

/** The errors that a test can give to a step. */
export const stepErrorCodes: readonly string[] = Object.keys(errorTable).filter(
  (code) => !foreignCodes.test(code),
)

const testOutcome = testRule('test-outcome', ({ given }, at, report, { job, document }) => {
  for (const [name, outcome] of Object.entries(given?.steps ?? {})) {
    const step = job.steps.find((each) => each.name === name)
    const pointer = `${at}/given/steps${pointerPart(name)}`
    if (!step) continue
    if ('rows' in outcome && step.type !== 'report') {
      const message = `only a report has rows; the step ${quote(name)} is of type ${quote(step.type)}`
      report(placeOf(document, `${pointer}/rows`, 'key'), message)
    }
    if ('files' in outcome && step.type !== 'cloud-fetch' && step.type !== 'wait-for-file') {
      const message = `only a cloud-fetch or a wait-for-file is given files; the step ${quote(name)} is of type ${quote(step.type)}`
      report(placeOf(document, `${pointer}/files`, 'key'), message)
    }
    if ('ok' in outcome && outcome.ok && step.type !== 'condition') {
      const message = `only a condition can be given "ok: true"; leave the step ${quote(name)} out and it runs`
      report(placeOf(document, `${pointer}/ok`), message)
    }
    if ('fails' in outcome && !stepErrorCodes.includes(outcome.fails)) {
      const hint = suggestWord(outcome.fails, stepErrorCodes) || '; docs/errors.md lists the codes'
      report(placeOf(document, `${pointer}/fails`), `no step fails with ${quote(outcome.fails)}${hint}`)
    }
  }
})

const testGiven = testRule('test-given', (test, at, report, about) => {
  const { given = {} } = test
  const { document, job, manifests, id } = about
  const tell = (key: string, message: string, on: 'value' | 'key' = 'value') =>
    report(placeOf(document, `${at}/given${key}`, on), message)
  const client = manifests.clients.get(id.split('/')[0]!)?.value
  if (given.slot !== undefined && readMoment(given.slot, client?.timezone ?? 'UTC') === undefined) {
    tell('/slot', `${quote(given.slot)} is no moment; write it as "2026-11-20T18:30"`)
  }
  if (given.event && !firstTriggers(manifests, id).has('campaign')) {
    tell(
      '/event',
      `an event starts only a job of type "campaign"; this one is ${quote(job.trigger.type)}`,
      'key',
    )
  }
  if (given.parameters) tellParameters(given.parameters, job, tell)
  const ofRow = rowParametersOf(job).map(({ name }) => name)
  if (given.event && Object.keys(given.parameters ?? {}).some((name) => !ofRow.includes(name)))
    tell('/parameters', 'an event brings its parameters with its data; leave one of them out', 'key')
  if (given.file && job.trigger.type !== 'ftp-in') {
    tell('/file', `a file starts only a job of type "ftp-in"; this one is ${quote(job.trigger.type)}`, 'key')
  }
  if (given.file?.content !== undefined && given.file.size !== undefined) {
    tell('/file/size', 'a file has content or size; exactly one is allowed', 'key')
  }
  if (client) tellCallCenter(given, callCentersOf(job, client), at, report, about)
})

function tellParameters(
  given: NonNullable<TestGiven['parameters']>,
  job: Job,
  tell: (key: string, message: string) => void,
): void {
  for (const [name, value] of Object.entries(given)) {
    const definition = runParametersOf(job).find((parameter) => parameter.name === name)
    const read = definition && readParameter(definition, value)
    const fault = read ? ('fault' in read ? read.fault : undefined) : unknownParameter(job, name)
    if (fault) tell(`/parameters${pointerPart(name)}`, fault)
  }
}

function tellCallCenter(
  given: TestGiven,
  callCenters: string[],
  at: string,
  report: Report,
  { document, job }: About,
): void {
  const { callCenter } = given
  if (job.scope === 'client') {
    if (callCenter === undefined) return
    const message = `the job's scope is "client": its run is for no call center`
    report(placeOf(document, `${at}/given/callCenter`, 'key'), message)
  } else if (callCenter === undefined) {
    const message = `the job has a run for each call center: say which with "callCenter"; allowed: ${listWords(callCenters)}`
    report(placeOf(document, `${at}/name`), message)
  } else if (!callCenters.includes(callCenter)) {
    const hint = suggestWord(callCenter, callCenters) || `; allowed: ${listWords(callCenters)}`
    const message = `the job has no call center ${quote(callCenter)}${hint}`
    report(placeOf(document, `${at}/given/callCenter`), message)
  }
}

const testExpect = testRule('test-expect', ({ expect }, at, report, { document }) => {
  if (Object.keys(expect).length > 0) return
  report(placeOf(document, `${at}/expect`), 'the test expects nothing, so it cannot fail')
})

const testDataset: Rule = {
  name: 'test-dataset',
  check({ tests, files }, report) {
    const read = new Map<string, FixtureFault[]>()
    for (const [job, document] of tests) {
      document.value.tests.forEach(({ given }, index) => {
        if (given?.dataset === undefined) return
        const at = placeOf(document, `/tests/${index}/given/dataset`)
        const folder = fixtureFolder(job, given.dataset)
        if (folder === undefined) {
          report(at, `${quote(given.dataset)} leads out of jobs.d; fixtures lie beside the tests`)
          return
        }
        const known = read.get(folder)
        const faults = known ?? readFixture(files, folder, '').faults
        read.set(folder, faults)
        for (const { file, line, message } of faults) {
          if (file === folder) report(at, message)
          else if (!known) report({ file, line, column: 1, endLine: line, endColumn: 1 }, message)
        }
      })
    }
  },
}

export const jobTestRules: Rule[] = [
  testWithoutJob,
  testStep,
  testOutcome,
  testGiven,
  testExpect,
  testDataset,
]
