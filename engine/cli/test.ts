import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId } from '../core/model.ts'
import { unknownJob } from '../core/unknown-job.ts'
import { type JobTestReport, testJob } from '../runtime/job-tests.ts'
import type { AddCommand } from './parts.ts'
import { readConfig } from './read-config.ts'
import { countEdges, describeJobTests, describeTotal, toTestJson } from './test-words.ts'

interface TestOptions {
  job?: string
  platform?: string
  requireCoverage?: number
}

/** `jobsd test [DIR]`: the manifests' own tests. Exits 1 when one failed, or when too few edges were walked. */
export const addTest: AddCommand = (program, parts, done) => {
  program
    .command('test')
    .summary("run the manifests' own tests; nothing is sent")
    .argument('[dir]', 'the config repository', '.')
    .option('--job <job>', 'only this job, client/name')
    .option(
      '--require-coverage <percent>',
      "fail where fewer of the step graphs' edges are walked",
      toPercent,
    )
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: TestOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const config = await readConfig(parts, dir, options.platform)
      const signal = parts.interrupted()
      const reports: JobTestReport[] = []
      for (const [job, file] of testFiles(config)) {
        if (options.job !== undefined && options.job !== job) continue
        const report = await testJob(parts.rehearsal, config, job, file, signal)
        reports.push(report)
        if (!json) parts.print(describeJobTests(report, config))
      }
      if (options.job !== undefined && reports.length === 0) {
        if (!config.jobFiles.has(options.job as JobId)) throw unknownJob(options.job, config.jobFiles.keys())
        throw new JobsdError('BAD_REQUEST', { reason: `there is no file jobs.d/${options.job}.test.yaml` })
      }
      const tested = new Set(reports.map(({ job }) => job))
      const untested = [...config.jobFiles.keys()].sort().filter((job) => !tested.has(job))
      const run = { reports, untested: options.job === undefined ? untested : [] }
      parts.print(
        json ? JSON.stringify(toTestJson(run), null, 2) : describeTotal(run, options.requireCoverage),
      )
      const isCovered = countEdges(run).percent >= (options.requireCoverage ?? 0)
      done(isPassed(reports) && isCovered ? 0 : 1)
    })
}

/** Every test file of the repository by its job, readable or not. */
function testFiles(config: Config): [JobId, string][] {
  return [...config.files.keys()].flatMap((file): [JobId, string][] => {
    const job = /^jobs\.d\/([^/]+\/[^/]+)\.test\.yaml$/.exec(file)?.[1]
    return job === undefined || job.startsWith('platform/') ? [] : [[job as JobId, file]]
  })
}

function isPassed(reports: JobTestReport[]): boolean {
  return reports.every(({ problem, tests }) => problem === null && tests.every(({ passed }) => passed))
}

function toPercent(text: string): number {
  const percent = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (!(percent <= 100)) throw new InvalidArgumentError('It is not a percentage from 0 to 100.')
  return percent
}
