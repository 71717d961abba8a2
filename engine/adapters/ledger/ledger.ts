/** The ledger contract over operations: the same for every database. */
import type { Ledger } from '../../core/contracts/ledger.ts'
import { markAlerts, raiseNotice, readPendingAlerts } from './alerts.ts'
import { readBounces, readReturned } from './bounce-rows.ts'
import { clearReturned, noteRun, recordAlertMail, recordBounces } from './bounces.ts'
import { readCatalogFacts } from './catalog.ts'
import { createDrops, pathsSeen } from './drops.ts'
import { knowsFile, recordAndBegin, recordDue, recordSlots } from './dues.ts'
import { readEvents, recordEvent } from './events.ts'
import {
  endExpectation,
  readDueWork,
  readExpectationsSince,
  readOpenExpectations,
  recordExpectation,
} from './expectations.ts'
import { readSlotFacts, readTakenFiles } from './explain.ts'
import { cancelRunAndFollow, endStepAndFollow } from './follow.ts'
import { cancelRun, readWaitingRuns } from './groups.ts'
import { hold, letGo, readActions, readHolds } from './holds.ts'
import {
  applyHolds,
  applyRevision,
  keepSnapshot,
  readJobs,
  readLastRevision,
  readSchedulesSince,
  readSnapshots,
} from './jobs.ts'
import { readLeftDeliveries } from './left-deliveries.ts'
import type { Operation } from './operation.ts'
import { prune } from './prune.ts'
import { readRepeats } from './repeats.ts'
import { probe, readKeptArtifacts } from './retention.ts'
import { readLatestRuns, readRun, readRuns, readUnfinishedRuns } from './run-rows.ts'
import {
  beginAttempt,
  beginStep,
  claimRun,
  endStep,
  intendDelivery,
  markDelivery,
  noteError,
  noteWait,
  takeBackAttempt,
} from './runs.ts'
import {
  readCommit,
  readJobVersions,
  readLastApplied,
  readLastSyncNotice,
  readOperators,
  readRevisionsLike,
  readSyncs,
  readVersionAt,
  recordSync,
} from './syncs.ts'
import { readTroubledDeliveries } from './troubled-deliveries.ts'
import { readWaitingSteps } from './waiting-steps.ts'

type Submit = <T>(start: () => Operation<T>) => Promise<T>

/** Every method is one operation, handed to `submit`, which makes it one durable transaction. */
export function createLedger(submit: Submit, close: () => Promise<void>): Ledger {
  function durable<A extends unknown[], T>(operation: (...args: A) => Operation<T>) {
    return (...args: A): Promise<T> => submit(() => operation(...args))
  }
  return {
    applyRevision: durable(applyRevision),
    recordSync: durable(recordSync),
    syncs: durable(readSyncs),
    lastApplied: durable(readLastApplied),
    lastSyncNotice: durable(readLastSyncNotice),
    revisionsLike: durable(readRevisionsLike),
    applyHolds: durable(applyHolds),
    commit: durable(readCommit),
    operators: durable(readOperators),
    jobVersions: durable(readJobVersions),
    versionAt: durable(readVersionAt),
    hold: durable(hold),
    letGo: durable(letGo),
    holds: durable(readHolds),
    actions: durable(readActions),
    jobs: durable(readJobs),
    snapshots: durable(readSnapshots),
    lastRevision: durable(readLastRevision),
    recordDue: durable(recordDue),
    recordAndBegin: durable(recordAndBegin),
    recordSlots: durable(recordSlots),
    keepSnapshot: durable(keepSnapshot),
    schedulesSince: durable(readSchedulesSince),
    recordEvent: durable(recordEvent),
    events: durable(readEvents),
    knowsFile: durable(knowsFile),
    drops: createDrops(durable),
    seenFiles: durable(pathsSeen),
    unfinishedRuns: durable(readUnfinishedRuns),
    waitingRuns: durable(readWaitingRuns),
    claimRun: durable(claimRun),
    cancelRun: durable(cancelRun),
    beginAttempt: durable(beginAttempt),
    beginStep: durable(beginStep),
    takeBackAttempt: durable(takeBackAttempt),
    noteError: durable(noteError),
    noteWait: durable(noteWait),
    waitingSteps: durable(readWaitingSteps),
    endStep: durable(endStep),
    endStepAndFollow: durable(endStepAndFollow),
    cancelRunAndFollow: durable(cancelRunAndFollow),
    intendDelivery: durable(intendDelivery),
    markDelivery: durable(markDelivery),
    run: durable(readRun),
    repeats: durable(readRepeats),
    slotFacts: durable(readSlotFacts),
    takenFiles: durable(readTakenFiles),
    latestRuns: durable(readLatestRuns),
    runs: durable(readRuns),
    recordBounces: durable(recordBounces),
    bounces: durable(readBounces),
    returnedRecipients: durable(readReturned),
    clearReturned: durable(clearReturned),
    recordAlertMail: durable(recordAlertMail),
    noteRun: durable(noteRun),
    raiseNotice: durable(raiseNotice),
    pendingAlerts: durable(readPendingAlerts),
    markAlerts: durable(markAlerts),
    expectationsSince: durable(readExpectationsSince),
    dueWork: durable(readDueWork),
    recordExpectation: durable(recordExpectation),
    endExpectation: durable(endExpectation),
    openExpectations: durable(readOpenExpectations),
    catalogFacts: durable(readCatalogFacts),
    troubledDeliveries: durable(readTroubledDeliveries),
    leftDeliveries: durable(readLeftDeliveries),
    probe: durable(probe),
    prune: durable(prune),
    keptArtifacts: durable(readKeptArtifacts),
    close,
  }
}
