/** Deliveries that a repeat cannot double: record the intent, send, confirm. */
import { createHash } from 'node:crypto'
import { noteReturned } from '../core/bounce-words.ts'
import type { ReturnedRecipient } from '../core/contracts/bounces.ts'
import type { Ledger, RunGuard } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { DeliveryRequest } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { deliveryKey } from '../core/mail-id.ts'
import type { Delivery, Run } from '../core/model.ts'

interface Outbox {
  ledger: Ledger
  clock: Clock
  run: Run
  step: string
  guard: RunGuard
  /** Recipients of a target whose mails came back; it is sent to them all the same. */
  flagged?: ((client: string, target: string) => ReturnedRecipient[]) | undefined
  /** Writes down, each once, that nobody can tell: of what is being sent where nobody can look. */
  unsettled?: Set<() => Promise<void>>
}

/** Delivers once: a confirmed delivery is not sent again, one that may have been sent is looked for first. */
export async function deliver(outbox: Outbox, request: DeliveryRequest): Promise<Delivery> {
  const { ledger, clock, run, step, guard } = outbox
  const { target, file } = request
  const now = () => clock.now().toISOString()
  const id = createHash('sha256')
    .update(deliveryKey(run.id, step, target))
    .digest('hex')
    .slice(0, 16)
  const artifact = file ? { sha256: file.sha256, size: file.size, fileName: file.fileName } : null
  const wanted = { id, runId: run.id, step, target, artifact }
  if (run.dryRun) return { ...wanted, state: 'intended', note: 'dry run: nothing was sent', at: now() }

  const delivery = await ledger.intendDelivery(guard, wanted, now())
  if (delivery.artifact?.sha256 !== artifact?.sha256) throw new JobsdError('FILE_EXISTS', { path: target })
  if (delivery.state === 'confirmed') return delivery
  const mark = (state: Delivery['state'], note: string) => ledger.markDelivery(guard, id, state, note, now())

  const isResend = run.origin?.kind === 'resend'
  if ((delivery.state !== 'intended' || isResend) && request.look) {
    const place = delivery.state === 'sending' ? delivery.note : ''
    if (await request.look(place)) {
      const found = isResend
        ? 'found at the target: it holds the same bytes'
        : 'found at the target, as an earlier attempt had sent it'
      return mark('confirmed', place === '' ? found : `${found}: ${place}`)
    }
  } else if (delivery.state === 'sending' || delivery.state === 'in-doubt') {
    if (request.onDoubt !== 'resend') {
      const doubt = doubtOf(target)
      await mark('in-doubt', doubt.message)
      throw doubt
    }
  }
  const markDoubt = async (): Promise<void> => {
    await mark('in-doubt', doubtOf(target).message)
  }
  const flagged = outbox.flagged?.(run.client, target) ?? []
  if (flagged.length > 0) await ledger.noteRun(guard, noteReturned(flagged))
  let note: string
  let at = ''
  let isMarked = false
  try {
    const sending = async (place = ''): Promise<void> => {
      at = place
      await mark('sending', place)
      isMarked = true
      if (!request.look) outbox.unsettled?.add(markDoubt)
    }
    note = await request.send({ id, sending })
  } catch (error) {
    const inDoubt = error instanceof JobsdError && doubts.includes(error.code)
    // What broke here tells nothing of the target, and nobody can look there.
    if (isMarked && !request.look && isOurs(error)) {
      await markDoubt()
      throw error
    }
    // Where it may lie under a name of its own it stays `sending`: only its note tells the next attempt where to look.
    const mayLieThere = at !== '' && !isRefusal(error)
    if (!mayLieThere && !(error instanceof JobsdError && error.code === 'RUN_LOST')) {
      await mark(inDoubt ? 'in-doubt' : 'failed', error instanceof Error ? error.message : String(error))
    }
    // A doubt ends the step. What may be sent again is one more passing failure; its delivery stays in doubt meanwhile.
    if (inDoubt && request.onDoubt === 'resend') {
      const connection = String(error.details.connection)
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason: error.message }, { cause: error })
    }
    throw error
  } finally {
    outbox.unsettled?.delete(markDoubt)
  }
  // Outside of the try: where this cannot be written the delivery stays `sending`, and nobody takes it for failed.
  return mark('confirmed', note)
}

const doubts: readonly string[] = ['MAIL_IN_DOUBT', 'REQUEST_IN_DOUBT', 'DELIVERY_IN_DOUBT']

/** Whether the target answered that it did not take it. */
function isRefusal(error: unknown): boolean {
  return error instanceof JobsdError && ['TARGET_REFUSED', 'FILE_EXISTS', 'FILE_MISSING'].includes(error.code)
}

/** Whether it broke inside the engine: its storage, a bug, its stop, or the end of the attempt's time. */
function isOurs(error: unknown): boolean {
  return (
    !(error instanceof JobsdError) || ['STORAGE_FAILED', 'STEP_TIMEOUT', 'RUN_TIMEOUT'].includes(error.code)
  )
}

function doubtOf(target: string): JobsdError {
  const [type, connection = target, ...rest] = target.split(':')
  if (type === 'mail') return new JobsdError('MAIL_IN_DOUBT', { connection })
  if (type !== 'http') return new JobsdError('DELIVERY_IN_DOUBT', { target })
  return new JobsdError('REQUEST_IN_DOUBT', { connection, request: rest.join(':') })
}
