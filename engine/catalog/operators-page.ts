/** The operators' page: all clients at a glance, what is wrong, and what to type. Nothing is masked here. */
import { readFileSync } from 'node:fs'
import type { OpenExpectation } from '../core/contracts/alerts.ts'
import type { ReturnedRecipient } from '../core/contracts/bounces.ts'
import type { TroubledDelivery } from '../core/contracts/catalog.ts'
import type { Sync } from '../core/contracts/sync.ts'
import type { Settings } from '../core/manifest.ts'
import type { Health, Instant, JobId, Run, SyncState } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { compilePage } from '../reports/template.ts'
import { operatorsWords as words } from './operators-words.ts'
import { type Moment, spellMoment } from './plain-words.ts'

const timezone = 'UTC'
const shownSyncs = 5
/** More are on no page that somebody reads. */
const shownRows = 100

export interface OperatorsInput {
  now: Instant
  /** What fails of the engine's own storage; null while nothing does. */
  trouble: string | null
  revision: { attempted: string | null; applied: string | null; source: string }
  source: { ok: boolean; message: string; lastReadAt: Instant | null }
  /** Newest first. */
  syncs: readonly Sync[]
  jobs: readonly JobFacts[]
  /** The newest run of each job that failed. */
  failed: readonly Pick<Run, 'id' | 'job' | 'callCenter' | 'endedAt'>[]
  /** Runs that have not ended. */
  unfinished: readonly Pick<Run, 'client' | 'state'>[]
  settings: Pick<Settings, 'maxRuns' | 'limits'> | null
  breakers: readonly { connection: string; failures: number; reason: string; until: Instant }[]
  /** Newest first. */
  deliveries: readonly TroubledDelivery[]
  expectations: readonly OpenExpectation[]
  /** Recipients whose mails came back, the newest first. */
  returned: readonly ReturnedRecipient[]
}

export interface JobFacts {
  job: JobId
  sync: SyncState
  health: Health
  reason: string
  message: string
  holds: readonly { kind: 'suspended' | 'pinned'; who: string; why: string }[]
}

let render: ((data: object) => string) | undefined

export function renderOperatorsPage(input: OperatorsInput): string {
  render ??= compilePage(
    readFileSync(new URL('../../templates/operators/overview.hbs', import.meta.url), 'utf8'),
  )
  return render({ words, view: viewOperators(input) })
}

/** Display-ready; every moment in UTC. */
export function viewOperators(input: OperatorsInput) {
  const { failed, deliveries, expectations, breakers, settings } = input
  const odd = input.jobs.filter(({ sync, holds }) => sync !== 'Synced' || holds.length > 0)
  const { waiting, working } = countRuns(input.unfinished)
  return {
    asOf: spell(input.now),
    trouble: input.trouble ?? '',
    attention: attentionOf(input, odd),
    source: {
      ok: input.source.ok,
      message: input.source.message,
      name: input.revision.source,
      attempted: input.revision.attempted ?? words.sync.none,
      applied: input.revision.applied ?? words.sync.none,
      lastRead: input.source.lastReadAt === null ? words.sync.never : spell(input.source.lastReadAt).text,
      syncs: input.syncs.slice(0, shownSyncs).map((sync) => ({
        at: spell(sync.endedAt),
        outcome: sync.times > 1 ? `${sync.outcome} × ${sync.times}` : sync.outcome,
        tone: sync.outcome === 'applied' ? 'good' : sync.outcome === 'partly' ? 'busy' : 'bad',
        revision: (sync.revision ?? '').slice(0, 12),
        message: sync.message,
      })),
    },
    clients: viewClients(input),
    problems: odd.slice(0, shownRows).map(viewOddJob),
    failed: failed.slice(0, shownRows).map(({ id, job, callCenter, endedAt }) => ({
      job: callCenter === null ? job : `${job} (${callCenter})`,
      run: id,
      ended: endedAt === null ? null : spell(endedAt),
      command: `jobsd runs ${id}`,
    })),
    deliveries: deliveries.slice(0, shownRows).map((delivery) => ({
      ...delivery,
      tone: delivery.state === 'failed' ? 'bad' : 'busy',
      at: spell(delivery.at),
      command: `jobsd resend ${delivery.runId} --target ${quote(delivery.target)} --why ${words.why}`,
    })),
    moreDeliveries: deliveries.length > shownRows,
    returned: input.returned.slice(0, shownRows).map((each) => ({
      ...each,
      client: each.client || words.returned.alerts,
      words: each.diagnostic || each.status,
      first: spell(each.firstAt),
      last: spell(each.lastAt),
      command: `jobsd bounces --clear ${quote(each.address)} --connection ${each.connection} --why ${words.why}`,
    })),
    queue: {
      waiting,
      working,
      limit: settings?.maxRuns ?? 8,
      perClient: settings?.limits?.runsPerClient ?? words.queue.unlimited,
      perConnection: settings?.limits?.runsPerConnection ?? words.queue.unlimited,
    },
    // What is wrong with a job stands above; the message of one that is under way says what it waits for.
    waits: input.jobs
      .filter(
        ({ health, message, sync, holds }) =>
          health === 'Progressing' && message !== '' && sync === 'Synced' && holds.length === 0,
      )
      .slice(0, shownRows)
      .map(({ job, message }) => ({ job, message })),
    breakers: breakers.map((breaker) => ({ ...breaker, until: spell(breaker.until) })),
    expectations: expectations
      .slice(0, shownRows)
      .map(({ job, at, outcome }) => ({ job, at: spell(at), outcome })),
  }
}

function attentionOf({ trouble, source, ...input }: OperatorsInput, odd: readonly JobFacts[]): string[] {
  const invalid = odd.filter(({ sync }) => sync === 'Invalid').length
  const counts: [number, string, string][] = [
    [input.failed.length, 'job', 'failed in its last run'],
    [input.deliveries.length, 'delivery', 'failed or in doubt'],
    [input.expectations.length, 'expectation', 'late or missing'],
    [input.returned.length, 'recipient', 'whose mails came back'],
    [input.breakers.length, 'connection', 'left alone'],
    [invalid, 'job', 'that does not compile'],
  ]
  return [
    ...(trouble === null ? [] : [trouble]),
    ...(source.ok ? [] : [`${words.sync.notOk}: ${source.message}`]),
    ...counts.flatMap(([count, what, state]) => (count > 0 ? [`${spellCount(count, what)} ${state}`] : [])),
  ]
}

function viewClients({ jobs, unfinished }: OperatorsInput) {
  const runs = Map.groupBy(unfinished, ({ client }) => client)
  const groups = Map.groupBy(jobs, ({ job }) => job.slice(0, job.indexOf('/')))
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => {
      const count = (health: Health) => own.filter((job) => job.health === health).length
      return {
        name,
        jobs: own.length,
        healthy: count('Healthy'),
        progressing: count('Progressing'),
        degraded: count('Degraded'),
        suspended: count('Suspended'),
        invalid: own.filter(({ sync }) => sync === 'Invalid').length,
        ...countRuns(runs.get(name) ?? []),
      }
    })
}

function countRuns(runs: readonly Pick<Run, 'state'>[]): { waiting: number; working: number } {
  const working = runs.filter(({ state }) => state === 'running').length
  return { waiting: runs.length - working, working }
}

function viewOddJob({ job, sync, reason, message, holds }: JobFacts) {
  const [hold] = holds
  const end = hold?.kind === 'pinned' ? 'unpin' : 'resume'
  return {
    job,
    state: sync === 'Synced' ? reason : `${sync}, ${reason}`,
    tone: sync === 'Invalid' ? 'bad' : 'busy',
    message,
    command: hold ? `jobsd ${end} ${job} --why ${words.why}` : '',
  }
}

function spell(at: Instant): Moment {
  return spellMoment(timezone, Date.parse(at))
}

/** For a shell: a target may hold any character that a path may. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
