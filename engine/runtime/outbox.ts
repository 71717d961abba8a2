/** Deliveries that a repeat cannot double: record the intent, send, confirm. */
import { createHash } from 'node:crypto'
import type { Ledger, RunGuard } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { DeliveryRequest } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { Delivery, Run } from '../core/model.ts'

interface Outbox {
  ledger: Ledger
  clock: Clock
  run: Run
  step: string
  guard: RunGuard
}

/** Delivers once: a confirmed delivery is not sent again, one that may have been sent is looked for first. */
export async function deliver(outbox: Outbox, request: DeliveryRequest): Promise<Delivery> {
  const { ledger, clock, run, step, guard } = outbox
  const { target, file } = request
  const now = () => clock.now().toISOString()
  const id = createHash('sha256')
    .update(JSON.stringify([run.id, step, target]))
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
    if (await request.look()) {
      const found = isResend
        ? 'found at the target: it holds the same bytes'
        : 'found at the target, as an earlier attempt had sent it'
      return mark('confirmed', found)
    }
  } else if (delivery.state === 'sending' || delivery.state === 'in-doubt') {
    if (request.onDoubt !== 'resend') {
      const doubt = new JobsdError('MAIL_IN_DOUBT', { connection: connectionOf(target) })
      await mark('in-doubt', doubt.message)
      throw doubt
    }
  }
  let note: string
  try {
    const sending = async (): Promise<void> => {
      await mark('sending', '')
    }
    note = await request.send({ id, sending })
  } catch (error) {
    const inDoubt = error instanceof JobsdError && error.code === 'MAIL_IN_DOUBT'
    if (!(error instanceof JobsdError && error.code === 'RUN_LOST')) {
      await mark(inDoubt ? 'in-doubt' : 'failed', error instanceof Error ? error.message : String(error))
    }
    throw error
  }
  // Outside of the try: where this cannot be written the delivery stays `sending`, and nobody takes it for failed.
  return mark('confirmed', note)
}

function connectionOf(target: string): string {
  return target.split(':')[1] ?? target
}
