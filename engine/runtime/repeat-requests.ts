/** What is to be sent or run once more, as due records. */
import { checkAuditText } from '../core/audit-text.ts'
import type { DueRecord } from '../core/contracts/ledger.ts'
import { JobsdError } from '../core/errors.ts'
import { fanOutStep, readKeptOfRow } from '../core/fan-out.ts'
import type {
  Artifact,
  Delivery,
  Instant,
  RunDetail,
  RunOrigin,
  RunParameters,
  Snapshot,
  Step,
} from '../core/model.ts'
import { parametersOf, readKeptParameters } from '../core/parameters.ts'
import { groupOf } from './due.ts'
import type { ActiveJob } from './trigger-set.ts'

/** A run to be repeated, by whom and why. */
export interface RepeatRequest {
  run: string
  who: string
  why: string
}

export interface RerunRequest extends RepeatRequest {
  /** The step to begin with; default the job's first. */
  from?: string
}

export interface ResendRequest extends RepeatRequest {
  /** Only these targets, each in full or by a part that no other one has; default all. */
  targets?: string[]
}

/** When it was asked for, and a text that makes this repeat another one than the last. */
interface Asked {
  id: string
  now: Instant
}

/** The steps from one on, by the version in force, for the same data. Throws BAD_REQUEST. */
export function requestRerun(
  { snapshot, revision }: ActiveJob,
  original: RunDetail,
  { from, who, why }: RerunRequest,
  asked: Asked,
): DueRecord {
  refuseUnended(original)
  refuseOtherScope(snapshot, original)
  refuseOtherRows(snapshot, original, from)
  const { steps } = snapshot.manifest
  // The rows are asked for anew; a row's own run begins behind that.
  const isAsking = original.row === undefined && snapshot.manifest.fanOut !== undefined
  const first = from === undefined ? steps[0] : steps.find(({ name }) => name === from)
  if (!first) throw refuse(`${snapshot.job} has no step ${from}: it has ${namesOf(steps).join(', ')}`)
  // What is ahead is made anew; only what lies before is taken over.
  const ahead = namesOf(stepsFrom(first, steps))
  const isBefore = (name: string) =>
    name === 'trigger' || (from !== undefined && name !== from && !ahead.includes(name))
  const filesOf = namesOf(original.files.map(({ step }) => ({ name: step }))).filter(isBefore)
  refuseMissingFiles(steps, ahead, filesOf, original)
  const earlier = namesOf(original.steps).concat(
    original.origin?.kind === 'rerun' ? original.origin.steps : [],
  )
  const origin: RunOrigin = {
    kind: 'rerun',
    runId: original.id,
    steps: from === undefined ? [] : [...new Set(earlier)].filter(isBefore),
    targets: null,
  }
  // Asked for by a person it is never passed over for another run of its group, and ends none.
  const group = groupOf(snapshot)
  return {
    ...repeat(original, origin, filesOf, { who, why }, asked),
    parameters: keptParameters(snapshot, original),
    snapshot: snapshot.digest,
    revision,
    firstStep: isAsking ? fanOutStep.name : first.name,
    group: group && { ...group, onConflict: 'queue' },
  }
}

/**
 * The stored bytes once more, by the version that the run had, and the artifacts that must be whole for it. Throws
 * BAD_REQUEST.
 */
export function requestResend(
  snapshot: Snapshot,
  original: RunDetail,
  { targets, who, why }: ResendRequest,
  asked: Asked,
): { due: DueRecord; artifacts: Artifact[] } {
  refuseUnended(original)
  if (original.dryRun) throw refuse(`run ${original.id} was a dry run: it sent nothing`)
  const deliveries = original.steps.flatMap((step) => step.deliveries)
  if (deliveries.length === 0)
    throw refuse(`run ${original.id} has nothing to send again: it came to no delivery`)
  // A resend was for some targets only: once more, it is for those.
  const before = original.origin?.kind === 'resend' ? original.origin.targets : null
  const only = targets && targets.length > 0 ? pickTargets(targets, deliveries) : before
  const wanted = deliveries.filter(({ target }) => only?.includes(target) ?? true)
  const [firstStep = '', ...others] = namesOf(
    original.steps.filter(({ name }) => wanted.some(({ step }) => step === name)),
  )
  const steps = [firstStep, ...others]
  const origin: RunOrigin = { kind: 'resend', runId: original.id, steps, targets: only }
  // What is sent again may offer files of its own: the answer to a request.
  const filesOf = namesOf(original.files.map(({ step }) => ({ name: step }))).filter(
    (name) => !steps.includes(name),
  )
  const due: DueRecord = {
    ...repeat(original, origin, filesOf, { who, why }, asked),
    snapshot: snapshot.digest,
    revision: original.revision,
    firstStep,
    group: null,
  }
  return { due, artifacts: sentArtifacts(snapshot, original, steps, only ? wanted : null) }
}

function repeat(
  original: RunDetail,
  origin: RunOrigin,
  filesOf: string[],
  { who, why }: { who: string; why: string },
  { id, now }: Asked,
): Omit<DueRecord, 'snapshot' | 'revision' | 'firstStep' | 'group'> {
  const audit = { who: checkAuditText('who', who), why: checkAuditText('why', why), at: now }
  return {
    job: original.job,
    trigger: { type: original.trigger.type, key: `${origin.kind}:${original.id}:${id}` },
    slot: original.slot,
    schedule: original.schedule,
    event: original.event,
    ...(original.parameters && { parameters: original.parameters }),
    ...(original.row && { row: { parent: original.row.parent, key: original.row.key } }),
    ...(original.skippedDays !== undefined && { skippedDays: original.skippedDays }),
    // Among the files that are taken over: a file that was posted once is recorded as posted once.
    file: null,
    callCenters: [original.callCenter],
    dryRun: original.dryRun,
    repeats: { origin, filesOf, audit },
    now,
  }
}

function refuseUnended({ id, state }: RunDetail): void {
  if (state === 'queued' || state === 'running')
    throw refuse(`run ${id} has not ended: it is ${state}. Wait for it, or cancel it first`)
}

/** The job may have been given another scope since, or have lost that call center. */
function refuseOtherScope({ job, manifest, client }: Snapshot, { id, callCenter, row }: RunDetail): void {
  const { scope, callCenters } = manifest
  if (
    row &&
    scope === 'client' &&
    (callCenter === null
      ? manifest.fanOut?.callCenter === undefined
      : client.callCenters.some(({ name }) => name === callCenter))
  )
    return
  if (callCenter === null ? scope === 'client' : scope !== 'client' && callCenters.includes(callCenter))
    return
  const had = callCenter === null ? 'covered the whole client' : `was of call center ${callCenter}`
  const has = scope === 'client' ? 'its scope is client' : `it has ${callCenters.join(', ')}`
  throw refuse(`run ${id} ${had}, and ${job} does not fit that any more: ${has}`)
}

/** The job may have begun to make rows since, or have given that up; and what did not fit does not fit by itself. */
function refuseOtherRows(
  { job, manifest }: Snapshot,
  { id, row }: RunDetail,
  from: string | undefined,
): void {
  if (row?.fault !== undefined)
    throw refuse(
      `run ${id} is of the row ${row.key}, which was refused: ${row.fault}. Mend the data, and rerun run ${row.parent}`,
    )
  if (row && !manifest.fanOut)
    throw refuse(`run ${id} is of the row ${row.key}, and ${job} has no fanOut any more`)
  if (!row && manifest.fanOut && from !== undefined)
    throw refuse(`run ${id} begins by asking for the rows of ${job}; only the run of a row begins at a step`)
}

/** Those of the run, as the version in force has them. */
function keptParameters({ job, manifest }: Snapshot, original: RunDetail): RunParameters {
  const read = original.row
    ? readKeptOfRow(manifest, original)
    : readKeptParameters(parametersOf(manifest.trigger), original)
  if ('values' in read) return read.values
  throw refuse(`run ${original.id} does not fit ${job} any more: ${read.faults.join('; ')}`)
}

function refuseMissingFiles(steps: Step[], ahead: string[], filesOf: string[], { id }: RunDetail): void {
  for (const step of steps) {
    if (!ahead.includes(step.name)) continue
    const missing = sourcesOf(step).find((name) => !ahead.includes(name) && !filesOf.includes(name))
    if (missing === undefined) continue
    const lacks = missing === 'trigger' ? 'was started by no file' : `has no file of step ${missing}`
    throw refuse(`step ${step.name} needs a file from ${missing}, and run ${id} ${lacks}`)
  }
}

/** A step and all that may follow it. */
function stepsFrom(first: Step, steps: Step[]): Step[] {
  const found = new Set<Step>()
  const open: (Step | undefined)[] = [first]
  while (open.length > 0) {
    const step = open.pop()
    if (!step || found.has(step)) continue
    found.add(step)
    for (const next of [step.onSuccess, step.onFailure]) open.push(steps.find(({ name }) => name === next))
  }
  return [...found]
}

function sourcesOf(step: Step): string[] {
  return 'from' in step && step.from !== undefined ? [step.from].flat() : []
}

function namesOf(named: { name: string }[]): string[] {
  return [...new Set(named.map(({ name }) => name))]
}

function pickTargets(named: string[], deliveries: Delivery[]): string[] {
  const known = [...new Set(deliveries.map(({ target }) => target))]
  const picked = named.map((text) => {
    const found = known.includes(text) ? [text] : known.filter((target) => target.includes(text))
    if (found.length === 1) return found[0] as string
    const fault = found.length === 0 ? 'is no target of the run' : 'is not one target alone'
    throw refuse(`${JSON.stringify(text)} ${fault}; it has ${known.join(' and ')}`)
  })
  return [...new Set(picked)]
}

/** What the steps send: all that they are given, or of copying steps only the deliveries that are `wanted`. */
function sentArtifacts(
  snapshot: Snapshot,
  original: RunDetail,
  steps: string[],
  wanted: Delivery[] | null,
): Artifact[] {
  const sent = snapshot.manifest.steps
    .filter(({ name }) => steps.includes(name))
    .flatMap((step): (Artifact | null)[] => {
      if (wanted && step.type !== 'email')
        // What the run has no file of was made of one, and is made again.
        return wanted
          .filter(({ step: name, artifact }) => name === step.name && isFileOf(original, artifact))
          .map(({ artifact }) => artifact)
      const sources = sourcesOf(step)
      return original.files.filter((file) => sources.includes(file.step))
    })
  const found = sent.filter((artifact) => artifact !== null)
  return [...new Map(found.map((artifact) => [artifact.sha256, artifact])).values()]
}

function isFileOf({ files }: RunDetail, artifact: Artifact | null): boolean {
  return files.some(({ sha256 }) => sha256 === artifact?.sha256)
}

function refuse(reason: string): JobsdError {
  return new JobsdError('BAD_REQUEST', { reason })
}
