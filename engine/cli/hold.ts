/** `suspend`, `resume`, `pin`, `unpin`: what operators hold against the source. */
import type { Command } from 'commander'
import type { HoldAction } from './parts.ts'
import { type AddCommand, type CliParts, dataFolder, type EngineClient } from './parts.ts'
import { shortenDigests } from './run-words.ts'
import { homeOf, readSources } from './source-address.ts'

interface HoldOptions {
  why: string
  as?: string
  revision?: string
  dir?: string
  platform?: string
  data?: string
}

interface HoldWords {
  summary: string
  /** What is so now, after the job's name; `from` is empty, or says when it begins. */
  told(from: string, revision: string): string
}

const words: Record<HoldAction, HoldWords> = {
  suspend: {
    summary: 'let nothing of a job begin by itself until it is resumed',
    told: (from) => `is suspended${from}: nothing of it begins by itself until it is resumed`,
  },
  resume: {
    summary: 'end the suspension of a job',
    told: (from) => `is resumed${from}: it runs when it is due`,
  },
  pin: {
    summary: 'keep the version of a job that runs until a newer commit touches the job',
    told: (from, revision) =>
      `is pinned${from} to what it ran at ${revision}, until a newer commit touches it or it is unpinned`,
  },
  unpin: {
    summary: 'end the pin of a job',
    told: (from) => `is unpinned${from}: its newest version runs`,
  },
}

function addHold(action: HoldAction): AddCommand {
  return (program, parts, done) => {
    const command = program
      .command(action)
      .summary(words[action].summary)
      .argument('<job>', 'the job, client/name')
      .requiredOption('--why <text>', 'why; kept with the action and shown by status')
    if (action === 'pin') {
      command.option(
        '--revision <rev>',
        'what it ran at this revision, named by its beginning at least; default what runs now',
      )
    }
    command
      .option('--as <name>', 'who; default $SUDO_USER, or the user of the operating system')
      .option('--dir <dir>', 'the config repository, where no engine runs; default $JOBSD_REPO or .')
      .option('--platform <dir>', "the operators' documents, where no engine runs")
      .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or DIR/.jobsd")
      .action(async (job: string, options: HoldOptions, given: Command) => {
        await holdJob(action, job, options, given, parts)
        done(0)
      })
  }
}

async function holdJob(
  action: HoldAction,
  job: string,
  { why, as, revision, ...options }: HoldOptions,
  command: Command,
  parts: CliParts,
): Promise<void> {
  const { json } = command.optsWithGlobals<{ json?: boolean }>()
  const who = as ?? (parts.env.SUDO_USER || parts.user())
  const sources = readSources(options, parts.env, command)
  const data = dataFolder(options.data, homeOf(sources), parts.env)
  const engine: EngineClient = await parts.connect({ data, sources, needs: 'hold' })
  try {
    const request = { job, who, why, ...(revision !== undefined && { revision }) }
    const held = await engine.hold(action, request)
    const from = engine.isRunning ? '' : ' from the next start on'
    if (json) parts.print(JSON.stringify({ job, action, ...held, who, why, isInForce: engine.isRunning }))
    else parts.print(`${job} ${words[action].told(from, shortenDigests(held.revision ?? ''))}`)
  } finally {
    await engine.close()
  }
}

export const addSuspend = addHold('suspend')
export const addResume = addHold('resume')
export const addPin = addHold('pin')
export const addUnpin = addHold('unpin')
