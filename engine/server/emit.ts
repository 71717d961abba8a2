/** Events that an operator posts by hand: no signature, but the same shape and the same record. */
import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Engine } from '../runtime/engine.ts'
import type { EmitAnswer, EmitRequest } from '../runtime/requests.ts'
import { readCloudEvent } from './event-body.ts'

export type Emit = (request: EmitRequest) => Promise<EmitAnswer>

/** Returns how events are posted by hand. That throws BAD_REQUEST for what is no event, or another one of a known id. */
export function createEmit(engine: Pick<Engine, 'policies' | 'acceptEvent'>, clock: Clock): Emit {
  return async ({ type, client, data, id = randomUUID(), source = 'by-hand' }) => {
    if (!engine.policies().has(client))
      throw new JobsdError('BAD_REQUEST', { reason: `there is no client ${client} with a policy` })
    const body = Buffer.from(JSON.stringify({ specversion: '1.0', id, source, type, data }))
    const event = readCloudEvent(body)
    if (typeof event === 'string') throw new JobsdError('BAD_REQUEST', { reason: event })
    const bodySha256 = createHash('sha256').update(body).digest('hex')
    const received = { ...event, client, bodySha256, receivedAt: clock.now().toISOString() }
    const { sameBody, ...answer } = await engine.acceptEvent(received)
    if (!sameBody) {
      const reason = `an event ${id} of ${source} is known with another type or data; give this one another --id`
      throw new JobsdError('BAD_REQUEST', { reason })
    }
    return { id, ...answer }
  }
}
