import { type Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '../core/duration.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'
import { type GivenSources, homeOf, readSources } from './source-address.ts'
import { addStepsOption, type GivenSteps } from './steps-option.ts'

const minPollMs = 1_000
const maxPollMs = 86_400_000

interface StartOptionsGiven extends GivenSources, GivenSteps {
  data?: string
  listen?: string
  unsafeFs?: boolean
}

/** `jobsd start [DIR]`: the engine. */
export const addStart: AddCommand = (program, parts, done) => {
  const start = program
    .command('start')
    .summary('run the engine: SIGTERM drains, SIGHUP reads the source now')
    .argument('[dir]', 'the config repository: the folder that holds jobs.d; default .')
    .option('--repo <url>', 'follow a branch of this Git remote instead of a folder; default $JOBSD_REPO')
    .option('--branch <name>', 'the branch; default $JOBSD_BRANCH or main')
    .option('--path <path>', "the folder in it that holds jobs.d; default the repository's root")
    .option('--poll <duration>', 'how often a Git remote is asked, 1s at least; default 30s', toPollMs)
    .option(
      '--platform <dir>',
      "take the operators' documents from here instead of jobs.d/platform: a folder, or URL[#BRANCH] of a Git remote",
    )
    .option('--data <dir>', 'the data folder; default $JOBSD_DATA or .jobsd in DIR')
    .option('--listen <host:port>', 'where HTTP listens; default $JOBSD_LISTEN or 127.0.0.1:8080')
    .option('--unsafe-fs', 'take a data folder on a network file system, where nothing is promised')
  addStepsOption(start).action(
    async (dir: string | undefined, options: StartOptionsGiven, command: Command) => {
      const sources = readSources({ ...options, dir }, parts.env, command)
      await parts.start({
        sources,
        data: dataFolder(options.data, homeOf(sources), parts.env),
        listen: options.listen ?? parts.env.JOBSD_LISTEN ?? '127.0.0.1:8080',
        ...(options.unsafeFs && { unsafeFs: true }),
        ...(options.steps && { steps: options.steps }),
      })
      done(0)
    },
  )
}

function toPollMs(text: string): number {
  const ms = readDuration(text)
  if (!(ms >= minPollMs && ms <= maxPollMs)) {
    throw new InvalidArgumentError('It is not a duration from 1s to 1d, such as 30s or 5m.')
  }
  return ms
}

function readDuration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    if (error instanceof RangeError) return Number.NaN
    throw error
  }
}
