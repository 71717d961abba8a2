import type { Command } from 'commander'
import type { Status } from '../runtime/status.ts'
import { describeReturned } from './bounces.ts'
import { toOneLine } from './one-line.ts'
import type { AddCommand } from './parts.ts'
import { readEngine } from './parts.ts'
import { shortenDigests } from './run-words.ts'
import { describeSyncs, describeTrouble } from './sync-words.ts'
import { formatTable } from './table.ts'

interface StatusOptions {
  syncs?: boolean
  actions?: boolean
  removed?: boolean
  data?: string
}

/** `jobsd status`: what is. Exits 1 when a job is Invalid or Degraded, or the source cannot be read or is refused. */
export const addStatus: AddCommand = (program, parts, done) => {
  program
    .command('status')
    .summary("what is: the source, and every job's sync state, health and next run")
    .option('--syncs', 'also the last 20 syncs with the source')
    .option('--actions', 'also the last 20 things done by hand')
    .option('--removed', 'also the jobs that are gone from the source')
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (options: StatusOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const status = await readEngine(parts, options.data, (engine) => engine.status())
      parts.print(json ? JSON.stringify(status, null, 2) : describeStatus(status, options))
      const isBad = status.jobs.some((job) => job.sync === 'Invalid' || job.health === 'Degraded')
      done(isBad || !status.source.ok ? 1 : 0)
    })
}

function describeStatus(status: Status, { syncs, actions, removed }: StatusOptions): string {
  const { jobs } = status
  const table = formatTable(
    ['JOB', 'SYNC', 'HEALTH', 'REASON', 'NEXT RUN'],
    jobs.map((job) => [job.job, job.sync, job.health, job.reason, job.nextRunAt ?? '-']),
  )
  const messages = jobs.flatMap((job) => messagesOf(job).map((message) => `${job.job}: ${message}`))
  return [
    describeSource(status),
    jobs.length > 0 ? table : 'no jobs',
    ...(messages.length > 0 ? [messages.join('\n')] : []),
    ...(status.unusedEvents.length > 0 ? [describeUnused(status.unusedEvents)] : []),
    ...(status.returned.length > 0 ? [describeReturned(status.returned)] : []),
    ...(syncs ? [describeSyncs(status.syncs)] : []),
    ...(actions ? [describeActions(status.actions)] : []),
    ...(removed ? [describeRemoved(status.removed)] : []),
  ].join('\n\n')
}

/** Events that came and started nothing. */
function describeUnused(events: Status['unusedEvents']): string {
  const rows = events.map(({ receivedAt, client, type, id, note }) => [
    receivedAt,
    client,
    ...[type, id, note].map(toOneLine),
  ])
  return formatTable(['EVENT THAT STARTED NOTHING', 'CLIENT', 'TYPE', 'ID', 'WHY'], rows)
}

/** What is wrong with a job, and who holds it; a message may say that already. */
function messagesOf({ message, holds }: Status['jobs'][number]): string[] {
  const held = holds
    .filter(({ who, why }) => !message.includes(`${who}: ${why}`))
    .map(({ kind, who, why }) => `${kind} by ${who}: ${why}`)
  return [...(message ? [shortenDigests(message)] : []), ...held].map(toOneLine)
}

function describeSource(status: Status): string {
  const { revision, source } = status
  const trouble = describeTrouble(status)
  return [
    `source     ${revision.source}`,
    `attempted  ${shortenDigests(revision.attempted ?? 'nothing yet')}`,
    `applied    ${shortenDigests(revision.applied ?? 'nothing yet')}`,
    `last read  ${source.lastReadAt ?? 'never'}`,
    ...(trouble === undefined ? [] : [`trouble    ${trouble}`]),
  ].join('\n')
}

function describeActions(actions: Status['actions']): string {
  if (actions.length === 0) return 'nothing was done by hand yet'
  return formatTable(
    ['AT', 'WHO', 'WHAT', 'WHY'],
    actions.map(({ at, who, name, subject, why }) => [
      at,
      toOneLine(who),
      `${name} ${subject}`,
      toOneLine(why),
    ]),
  )
}

function describeRemoved(removed: Status['removed']): string {
  if (removed.length === 0) return 'no job was removed yet'
  return formatTable(
    ['REMOVED JOB', 'AT'],
    removed.map(({ job, at }) => [job, at]),
  )
}
