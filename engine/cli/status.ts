import type { Command } from 'commander'
import type { Status } from '../runtime/status.ts'
import type { AddCommand } from './parts.ts'
import { readEngine } from './parts.ts'
import { shortenDigests } from './run-words.ts'
import { formatTable } from './table.ts'

/** `jobsd status`: what is. Exits 1 when a job is Invalid or Degraded. */
export const addStatus: AddCommand = (program, parts, done) => {
  program
    .command('status')
    .summary("what is: every job's sync state, health and next run")
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (options: { data?: string }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const status = await readEngine(parts, options.data, (engine) => engine.status())
      parts.print(json ? JSON.stringify(status, null, 2) : describeStatus(status))
      done(status.jobs.some((job) => job.sync === 'Invalid' || job.health === 'Degraded') ? 1 : 0)
    })
}

function describeStatus({ revision, jobs }: Status): string {
  const lines = [
    `source     ${revision.source}`,
    `attempted  ${shortenDigests(revision.attempted ?? 'nothing yet')}`,
    `applied    ${shortenDigests(revision.applied ?? 'nothing yet')}`,
    '',
  ]
  const table = formatTable(
    ['JOB', 'SYNC', 'HEALTH', 'REASON', 'NEXT RUN'],
    jobs.map((job) => [job.job, job.sync, job.health, job.reason, job.nextRunAt ?? '-']),
  )
  const messages = jobs.filter((job) => job.message).map((job) => `${job.job}: ${job.message}`)
  return [...lines, table, ...(messages.length > 0 ? ['', ...messages] : [])].join('\n')
}
