/** Runs of one job through the real ledger, runner and steps, with targets in memory, and everything to repeat them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import type { DueRecord } from '../../engine/core/contracts/ledger.ts'
import type { StepType } from '../../engine/core/contracts/step.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { RunDetail, Snapshot, Step } from '../../engine/core/model.ts'
import { toDueRecord } from '../../engine/runtime/due.ts'
import { createRepeats } from '../../engine/runtime/repeats.ts'
import { createRunner } from '../../engine/runtime/runner.ts'
import { cloudCopyStep } from '../../engine/steps/cloud-copy.ts'
import { conditionStep } from '../../engine/steps/condition.ts'
import { createEmailStep } from '../../engine/steps/email.ts'
import { ftpOutCopyStep } from '../../engine/steps/ftp-out-copy.ts'
import { moveFileStep } from '../../engine/steps/move-file.ts'
import { createTestArtifacts } from './artifacts.ts'
import { createManualClock } from './clock.ts'
import {
  createMemoryEndpoints,
  createMemoryFiles,
  createMemoryMailer,
  createMemoryObjects,
} from './endpoints.ts'
import { createMemoryLog } from './log.ts'
import { createSnapshot } from './snapshot.ts'

type Given = Omit<Step, 'onSuccess' | 'onFailure'> & Partial<Pick<Step, 'onSuccess' | 'onFailure'>>

const build = { name: 'build', type: 'report', report: 'call/call-detail', format: 'csv' } as unknown as Given
export const upload = {
  name: 'upload',
  type: 'ftp-out-copy',
  from: 'build',
  connection: 'acme-sftp',
  path: '/out/{runId}',
} as Given
export const store = { name: 'store', type: 'cloud-copy', from: 'build', connection: 'acme-s3' } as Given
export const mail = {
  name: 'mail',
  type: 'email',
  from: 'build',
  connection: 'mail',
  to: ['ops@acme.example'],
  template: 'report-ready',
} as Given

export const allSteps: Given[] = [build, upload, store, mail]

export function createRepeatStage(t: Test, given: Given[] = allSteps) {
  const folder = t.testdir({})
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  t.teardown(() => ledger.close())
  const artifacts = createTestArtifacts(folder)
  const [sftp, bucket, mailer, log] = [
    createMemoryFiles(),
    createMemoryObjects(),
    createMemoryMailer(),
    createMemoryLog(),
  ]
  const state = {
    rendered: 0,
    text: 'one\n',
    snapshot: withSteps(given) as Snapshot | undefined,
    /** Recipients whose mails came back, as the runner is told. */
    flagged: (() => []) as NonNullable<Parameters<typeof createRunner>[0]['flagged']>,
  }

  const reportStep = {
    type: 'report',
    title: 'Report',
    async run({ name }: Step, { run }: { run: RunDetail }) {
      state.rendered += 1
      const scratch = await artifacts.scratch()
      // Reports other than `build` have names and bytes of their own.
      const mark = name === 'build' ? 'calls' : name
      writeFileSync(scratch, name === 'build' ? state.text : `${name}: ${state.text}`)
      const file = { fileName: `${mark}-${run.slot.slice(0, 10)}.csv`, mediaType: 'text/csv', rows: 1 }
      return {
        ok: true,
        note: 'made',
        files: [{ ...(await artifacts.adopt(scratch)), ...file, period: null, origin: null }],
      }
    },
  } as unknown as StepType
  const email = createEmailStep(
    (_, data) =>
      Promise.resolve({ subject: data.run.id, html: JSON.stringify(data), text: data.run.startedAt }),
    () => Promise.resolve({ fault: 'no chart is drawn here' }),
  )
  const walk = createRunner({
    ledger,
    steps: [reportStep, ftpOutCopyStep, cloudCopyStep, email, moveFileStep, conditionStep] as StepType[],
    endpoints: createMemoryEndpoints({
      files: { 'acme-sftp': sftp },
      objects: { 'acme-s3': bucket },
      mailers: { mail: mailer },
    }),
    artifacts,
    clock,
    log,
    snapshot: async (digest) => (await ledger.snapshots([digest]))[0]!,
    onProgress: () => undefined,
    flagged: (...asked) => state.flagged(...asked),
  })
  const now = () => clock.now().toISOString()
  let count = 0

  async function begin(due: DueRecord): Promise<string[]> {
    const runIds = await ledger.recordDue(due)
    for (const runId of runIds) await walk(runId, new AbortController().signal)
    return runIds
  }
  const repeats = createRepeats({
    ledger,
    artifacts,
    async findJob(job) {
      const { snapshot } = state
      if (!snapshot) throw new JobsdError('JOB_UNKNOWN', { job, near: '' })
      await ledger.keepSnapshot(snapshot, now())
      return { snapshot, revision: 'newest' }
    },
    begin,
    createId: () => String(++count),
    now,
  })

  return {
    folder,
    artifacts,
    log,
    clock,
    ledger,
    sftp,
    bucket,
    mailer,
    state,
    repeats,
    /** Runs the job for dallas, and lets a minute pass. */
    async run(due: Partial<DueRecord> = {}): Promise<RunDetail> {
      const { snapshot } = state
      await ledger.keepSnapshot(snapshot!, now())
      const asked = {
        key: String(++count),
        slot: now(),
        schedule: null,
        event: null,
        file: null,
        callCenter: 'dallas',
      }
      const record = toDueRecord(snapshot!, 'first', { ...asked, type: 'manual' }, now())
      const [id = ''] = await begin({ ...record, ...due })
      await clock.advance(60_000)
      return (await ledger.run(id))!
    },
    async runDetail(id: string): Promise<RunDetail> {
      return (await ledger.run(id))!
    },
    /** Turns one bit of what is stored. */
    damage(sha256: string): void {
      const bytes = readFileSync(join(folder, sha256))
      bytes[0]! ^= 1
      writeFileSync(join(folder, sha256), bytes)
    },
  }
}

/** The job with these steps, each leading to the next one. */
export function withSteps(given: Given[], digest = 'd'.repeat(64)): Snapshot {
  const base = createSnapshot({ digest })
  const steps = given.map((step, index) => ({
    onSuccess: given[index + 1]?.name ?? 'end',
    onFailure: 'fail',
    ...step,
  })) as Step[]
  return { ...base, manifest: { ...base.manifest, steps } }
}
