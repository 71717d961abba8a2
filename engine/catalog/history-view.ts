/** What happened, as customers see it: no error text, no server's answer, nobody's address. */
import { explainStatus } from '../core/bounce-words.ts'
import { causeKeyOf } from '../core/fan-out.ts'
import { readFollowKey } from '../core/follow-ups.ts'
import type { Client } from '../core/manifest.ts'
import type { Delivery, RunDetail, RunState, Snapshot } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { describeUnderWay } from './file-step-words.ts'
import { helpEntry } from './help-view.ts'
import { type Moment, spellDuration, spellMoment, spellPeriod, spellSize } from './plain-words.ts'
import { explainError, nameConnection, redactAddress } from './redact.ts'
import { partTitle } from './row-words.ts'
import { nextTitle, stepTitle, titleOf } from './step-view.ts'
import { words } from './words.ts'

/** How it went: a word, and the tone to show it in. */
export interface Outcome {
  label: string
  tone: 'good' | 'bad' | 'busy' | 'quiet'
}

export interface RunView {
  id: string
  outcome: Outcome
  startedAt: Moment
  duration: string
  /** What set it off: the schedule, the campaign, the posted file. */
  startedBy: string
  /** Or the row of a fan-out; empty for a run over the whole client. */
  callCenter: string
  /** The time that the data covers; empty where no report was made. */
  period: string
  steps: StepResultView[]
  /** Names what opens the steps, for who does not see the table. */
  stepsLabel: string
}

export interface StepResultView {
  name: string
  type: string
  outcome: Outcome
  /** One sentence, may be empty. */
  result: string
  /** Where the help explains the failure: its entry; empty where nothing failed or nothing is known. */
  help: string
  duration: string
  next: string
  deliveries: DeliveryView[]
}

export interface DeliveryView {
  fileName: string
  size: string
  /** Of the file, 64 hex digits; empty for a message without one. */
  sha256: string
  /** With its preposition: `to Acme SFTP site`, `by e-mail`. */
  destination: string
  state: Outcome
  /** Of an e-mail that came back: from whom and why, sentences; otherwise empty. */
  returned: string
  at: Moment
}

export interface LastExecution {
  outcome: Outcome
  at: Moment
  /** Which part of several call centers it went well for; empty for one run. */
  share: string
}

/** The newest result of a step. */
export interface LastStepView {
  name: string
  type: string
  /** null: it has not run yet. */
  last: (StepResultView & { at: Moment; run: string; callCenter: string }) | null
}

type StepResult = RunDetail['steps'][number]

const runOutcomes: Record<RunState, Outcome> = {
  queued: { label: 'Waiting', tone: 'busy' },
  running: { label: 'Running', tone: 'busy' },
  succeeded: { label: 'Succeeded', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  skipped: { label: 'Skipped', tone: 'quiet' },
  cancelled: { label: 'Cancelled', tone: 'quiet' },
}

const deliveryOutcomes: Record<Delivery['state'], Outcome> = {
  intended: { label: 'Waiting', tone: 'busy' },
  sending: { label: 'On its way', tone: 'busy' },
  confirmed: { label: 'Delivered', tone: 'good' },
  'in-doubt': { label: 'Being checked', tone: 'bad' },
  failed: { label: 'Not delivered', tone: 'bad' },
}

/** Shows one run with the result of each step. */
export function viewRun(run: RunDetail, client: Client, snapshot: Snapshot): RunView {
  const period = run.files.find((file) => file.period !== null)?.period ?? null
  const startedAt = spellMoment(client.timezone, Date.parse(startOf(run)))
  const callCenter = partTitle(client, run)
  return {
    id: run.id,
    outcome: runOutcomes[run.state],
    startedAt,
    duration: spellSpan(run.startedAt, run.endedAt),
    startedBy: describeStart(run),
    callCenter,
    stepsLabel: words.history.toggle(startedAt.text, callCenter),
    period: period === null ? '' : spellPeriod(period),
    steps: run.steps.map((step) => viewStepResult(step, run, client, snapshot)),
  }
}

/** Sums up the newest execution: the runs that the same cause started, one for each call center. The worst one counts. */
export function viewLastExecution(runs: RunDetail[], client: Client): LastExecution | null {
  const same = newestExecution(runs)
  const [newest] = same
  const worst = worstOfNewest(runs)
  if (newest === undefined || worst === undefined) return null
  const good = same.filter(({ state }) => state === 'succeeded').length
  const isMixed = good > 0 && good < same.length
  return {
    outcome: runOutcomes[worst.state],
    at: spellMoment(client.timezone, Date.parse(startOf(newest))),
    share: isMixed ? `${good} of ${same.length} ${newest.row ? 'executions' : 'call centers'} succeeded` : '',
  }
}

/** The run of the newest execution that a customer should look at; undefined before the first. */
export function worstOfNewest(runs: RunDetail[]): RunDetail | undefined {
  const same = newestExecution(runs)
  const state = worstFirst.find((each) => same.some((run) => run.state === each))
  return same.find((run) => run.state === state)
}

function newestExecution(runs: RunDetail[]): RunDetail[] {
  const [newest] = runs
  if (newest === undefined) return []
  return sameExecution(runs, newest)
}

/** The runs of one cause. The one that asked for the rows of a fan-out counts only where there are none. */
export function sameExecution<T extends Pick<RunDetail, 'trigger' | 'row'>>(runs: readonly T[], run: T): T[] {
  const key = causeKeyOf(run)
  const same = runs.filter((each) => each.trigger.type === run.trigger.type && causeKeyOf(each) === key)
  const rows = same.filter(({ row }) => row !== undefined)
  return rows.length > 0 ? rows : same
}

/** The newest result of each step of a job, in the job's order; of one execution's call centers a failed one's first. */
export function viewLastSteps(runs: RunDetail[], client: Client, snapshot: Snapshot): LastStepView[] {
  return snapshot.manifest.steps.map((manifestStep) => {
    const { name } = manifestStep
    const type = titleOf(manifestStep, snapshot)
    const resultOf = (run: RunDetail) => run.steps.findLast((each) => each.name === name)
    const failed = newestExecution(runs).find((run) => resultOf(run)?.outcome === 'failed')
    for (const run of failed ? [failed] : runs) {
      const step = resultOf(run)
      if (!step) continue
      const at = spellMoment(client.timezone, Date.parse(step.startedAt))
      return {
        name,
        type,
        last: {
          ...viewStepResult(step, run, client, snapshot),
          at,
          run: run.id,
          callCenter: partTitle(client, run),
        },
      }
    }
    return { name, type, last: null }
  })
}

const worstFirst: RunState[] = ['failed', 'cancelled', 'running', 'queued', 'succeeded', 'skipped']

function viewStepResult(
  step: StepResult,
  run: RunDetail,
  client: Client,
  snapshot: Snapshot,
): StepResultView {
  return {
    name: step.name,
    type: resultTitle(step, snapshot),
    outcome: stepOutcome(step),
    result: describeResult(step, run, client, snapshot),
    help: step.outcome === 'failed' ? helpEntry(step.error?.code) : '',
    duration: spellSpan(step.startedAt, step.endedAt),
    next: step.next === null ? '' : nextTitle(step.next),
    deliveries: step.deliveries.map((delivery) => viewDelivery(delivery, client, snapshot)),
  }
}

/** As the job calls it now; a step that it no longer has, by its type. */
function resultTitle({ name, type }: StepResult, snapshot: Snapshot): string {
  const step = snapshot.manifest.steps.find((each) => each.name === name && each.type === type)
  return step ? titleOf(step, snapshot) : stepTitle(type)
}

function stepOutcome(step: StepResult): Outcome {
  if (step.type === 'condition' && step.outcome === 'succeeded') return { label: 'True', tone: 'good' }
  if (step.type === 'condition' && step.outcome === 'not-ok') return { label: 'False', tone: 'quiet' }
  if (step.outcome === 'not-ok') return { label: 'Not done', tone: 'quiet' }
  return runOutcomes[step.outcome]
}

// The step's own note is not used: it may quote what a server said.
function describeResult(step: StepResult, run: RunDetail, client: Client, snapshot: Snapshot): string {
  if (step.outcome === 'failed') return explainError(step.error?.code ?? '')
  if (step.outcome === 'skipped') return 'There was nothing to send.'
  if (step.outcome === 'running' && step.type === 'wait-for-file')
    return describeUnderWay(step, client, snapshot)
  const rows = run.files.filter((file) => file.step === step.name).map((file) => file.rows)
  const counted = rows.filter((count) => count !== null)
  if (counted.length === 0) return ''
  return `${spellCount(
    counted.reduce((sum, count) => sum + count, 0),
    'row',
  )}.`
}

function viewDelivery(delivery: Delivery, client: Client, snapshot: Snapshot): DeliveryView {
  // Only the kind and the connection of a target are shown: what follows are paths and addresses.
  const [kind = '', connection = ''] = delivery.target.split(':')
  const isMail = kind === 'mail'
  return {
    fileName: delivery.artifact?.fileName ?? 'Message without a file',
    size: delivery.artifact === null ? '' : spellSize(delivery.artifact.size),
    sha256: delivery.artifact?.sha256 ?? '',
    destination: isMail ? 'by e-mail' : `to ${nameConnection(snapshot.connections, connection)}`,
    // A mail server only takes a mail; whether it reached the recipients is not known, unless it comes back.
    state: delivery.returned
      ? { label: 'Returned', tone: 'bad' }
      : isMail && delivery.state === 'confirmed'
        ? { label: 'Sent', tone: 'good' }
        : deliveryOutcomes[delivery.state],
    returned: describeReturned(delivery),
    at: spellMoment(client.timezone, Date.parse(delivery.at)),
  }
}

/** In our words: what a server says may name anything. */
function describeReturned({ returned = [] }: Delivery): string {
  return returned
    .map(({ address, status }) => `It came back from ${redactAddress(address)}: ${explainStatus(status)}`)
    .join(' ')
}

function describeStart(run: RunDetail): string {
  switch (run.trigger.type) {
    case 'scheduled':
      return run.schedule === null ? 'Schedule' : `Schedule ${run.schedule}`
    case 'campaign':
      return `Campaign ${campaignName(run)}`.trim()
    case 'ftp-in':
      return `File ${run.files.find(({ step }) => step === 'trigger')?.fileName ?? ''}`.trim()
    case 'after':
      return `After ${readFollowKey(causeKeyOf(run))?.job ?? 'another job'}`
    default:
      return 'Request'
  }
}

// Not core's campaignOf: that throws for a bad time, and a page is no place to find out.
function campaignName({ event }: RunDetail): string {
  const { campaign, campaignName: name, campaignId: id } = event ?? {}
  const known = typeof campaign === 'object' ? (campaign.name ?? campaign.id) : (name ?? id)
  return typeof known === 'string' || typeof known === 'number' ? String(known) : ''
}

function startOf(run: RunDetail): string {
  return run.startedAt ?? run.createdAt
}

function spellSpan(startedAt: string | null, endedAt: string | null): string {
  return startedAt === null || endedAt === null
    ? ''
    : spellDuration(Date.parse(endedAt) - Date.parse(startedAt))
}
