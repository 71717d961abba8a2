/** Operations that read what a client's pages are made of. */
import type { CatalogFacts, JudgedMoment, RunOutcome } from '../../core/contracts/catalog.ts'
import type { Instant, JobId } from '../../core/model.ts'
import { all, db, type Operation } from './operation.ts'

/** Of all of the client's jobs, or of one of them. */
export function* readCatalogFacts(client: string, since: Instant, only?: JobId): Operation<CatalogFacts> {
  const jobs = yield* all(
    db
      .selectFrom('job')
      .select(['id', 'first_applied_at'])
      .where('client', '=', client)
      .$if(only !== undefined, (query) => query.where('id', '=', only ?? ''))
      .where('removed_at', 'is', null),
  )
  const runs = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'parent_run', 'job', 'state', 'started_at', 'created_at'])
      .where('client', '=', client)
      .$if(only !== undefined, (query) => query.where('job', '=', only ?? ''))
      .where('created_at', '>=', since)
      .where('dry_run', '=', 0)
      .orderBy('created_at'),
  )
  const versions = yield* all(
    db
      .selectFrom('job_version')
      .innerJoin('job', 'job.id', 'job_version.job')
      .select(['job_version.job', 'job_version.snapshot', 'job_version.at'])
      .where('job.client', '=', client)
      .$if(only !== undefined, (query) => query.where('job.id', '=', only ?? ''))
      .where('job.removed_at', 'is', null)
      .where('job_version.snapshot', '<>', '')
      .orderBy('job_version.sync', 'desc'),
  )
  const newest = db
    .selectFrom('expectation')
    .select((select) => ['job', select.fn.max('at').as('at')])
    .$if(only !== undefined, (query) => query.where('job', '=', only ?? ''))
    .groupBy('job')
    .as('newest')
  const expectations = yield* all(
    db
      .selectFrom('expectation')
      .innerJoin('job', 'job.id', 'expectation.job')
      .innerJoin(newest, (join) =>
        join.onRef('newest.job', '=', 'expectation.job').onRef('newest.at', '=', 'expectation.at'),
      )
      .select(['expectation.job', 'expectation.at', 'expectation.outcome'])
      .where('job.client', '=', client)
      .$if(only !== undefined, (query) => query.where('job.id', '=', only ?? ''))
      .where('job.removed_at', 'is', null),
  )
  // A run that only asked for the rows of a fan-out says nothing that they do not.
  const parents = new Set(runs.map(({ parent_run }) => parent_run))
  return {
    outcomes: runs
      .filter(({ id }) => !parents.has(id))
      .map(({ job, state, started_at, created_at }) => ({
        job: job as JobId,
        at: started_at ?? created_at,
        state: state as RunOutcome['state'],
      })),
    versions: versions.map(({ job, snapshot, at }) => ({ job: job as JobId, snapshot, at })),
    expectations: expectations.map(({ job, at, outcome }) => ({
      job: job as JobId,
      at,
      outcome: outcome as JudgedMoment['outcome'],
    })),
    since: Object.fromEntries(
      jobs.flatMap(({ id, first_applied_at: at }) => (at === null ? [] : [[id, at]])),
    ),
  }
}
