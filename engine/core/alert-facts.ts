/** What is told of a step's end, and to whom. */
import type { AlertRecipients, StepAlert } from './contracts/alerts.ts'
import type { StepEnd } from './contracts/ledger.ts'
import type { RecordedError, Run, RunStep, Snapshot, StepOf } from './model.ts'

const defaultEveryNth = 10

/** How a step ended, as far as alerts are concerned. */
interface EndedStep {
  step: Pick<RunStep, 'name' | 'type'>
  attempts: number
  note: string
  error: RecordedError | null
  isBad: boolean
  next: StepEnd['next']
}

/** null where a run counts for nothing: a dry run, or one that was cancelled. */
export function stepAlert(
  run: Run,
  snapshot: Snapshot,
  { step, attempts, note, error, isBad, next }: EndedStep,
  everyNth = defaultEveryNth,
): StepAlert | null {
  const { client, manifest } = snapshot
  if (run.dryRun || ('end' in next && next.end === 'cancelled')) return null
  return {
    facts: {
      job: { id: run.job, title: manifest.title },
      client: { name: client.name, title: client.title, timezone: client.timezone },
      callCenter: run.callCenter,
      ...(run.row && { row: run.row.key }),
      run: { id: run.id, slot: run.slot, revision: run.revision },
      step: { name: step.name, type: step.type, attempts },
    },
    failure: isBad
      ? {
          error: {
            code: error?.code ?? 'NOT_OK',
            message: error?.message ?? note,
            hint: error?.hint ?? '',
          },
          next: 'step' in next ? `The run goes on at step ${next.step}.` : `The run has ${next.end}.`,
        }
      : null,
    everyNth,
    copies: alertCopies(snapshot),
    // Stored bytes sent once more tell nothing of whether the job works now.
    countsInRow: run.origin?.kind !== 'resend',
  }
}

/** Whom a step of type notify tells beside the operators. */
export function noticeCopies({ to }: Pick<StepOf<'notify'>, 'to'>, snapshot: Snapshot): AlertRecipients[] {
  if (to === 'operators') return []
  return alertCopies(snapshot).filter(({ route }) => to === 'job' || route.startsWith('client/'))
}

/** Who is told beside the operators; an address of both routes is told by the client's. */
export function alertCopies({ manifest, client, job }: Snapshot): AlertRecipients[] {
  const ofClient = client.alerts?.to ?? []
  const known = new Set(ofClient.map((address) => address.toLowerCase()))
  const ofJob = (manifest.alerts?.to ?? []).filter((address) => !known.has(address.toLowerCase()))
  return [
    { route: `client/${client.name}`, to: ofClient },
    { route: `job/${job}`, to: ofJob },
  ].filter(({ to }) => to.length > 0)
}
