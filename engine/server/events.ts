/** POST /v1/events: a signed event becomes a durable record, and its runs, before it is answered. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { EventVerdict } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { readCloudEvent } from './event-body.ts'
import { isFresh, isSigned, readSignatures, type SignedRequest } from './signature.ts'

export const maxBodyBytes = 256 * 1024

/** Requests whose signature is looked at in one moment: whoever sent them has proved nothing yet. */
const maxVerifications = 4
/** About 2 ms of the largest bodies. */
const keysAtOnce = 8

/** A client's key: whoever signs with it speaks for the client. */
export interface EventKey {
  client: string
  name: string
  secret: Secret
}

export interface EventParts {
  engine: Pick<Engine, 'acceptEvent' | 'isReady'>
  clock: Clock
  /** The keys in force; `only` is `<client>/<name>` where the sender said which. */
  keys(only: string | undefined): Promise<EventKey[]>
  /** Takes one event off what the client may send; not 0: after so many seconds it may send again. */
  waitSeconds(client: string): number
  /** Counts what came of a request. */
  count(outcome: EventCount): void
}

export type EventCount = EventVerdict['outcome'] | 'repeated' | 'conflict' | 'rejected' | 'limited'

/**
 * Adds the route. Answers 202 for a new event, 200 for a known one, 422 for one whose fields the job refuses; 400, 401,
 * 409, 413, 415 and 429 for what is not recorded, 405 for another method, 503 while nothing can be.
 */
export function addEventRoute(server: FastifyInstance, parts: EventParts): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    ['application/cloudevents+json', 'application/json'],
    { parseAs: 'buffer', bodyLimit: maxBodyBytes },
    (_request, body, done) => done(null, body),
  )
  const findKey = createVerifier(parts.keys)
  server.post('/v1/events', async (request, reply) => {
    const answer = await acceptEvent(parts, findKey, request)
    const [counted, status, body, retryAfter] = answer
    if (counted) parts.count(counted)
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
    return reply.code(status).send(body)
  })
  server.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: '/v1/events',
    // Before a body is read.
    onRequest: (_request, reply) => {
      void reply.code(405).header('allow', 'POST').send({ error: 'events are posted' })
    },
    handler: () => undefined,
  })
}

type Answer = [counted: EventCount | null, status: number, body: object, retryAfter?: number]

const refuse = (status: number, error: string): Answer => ['rejected', status, { error }]

type FindKey = (request: SignedRequest, only: string | undefined) => Promise<EventKey | 'busy' | undefined>

/** Finds the key that signed a request, for a few requests at once. */
function createVerifier(keys: EventParts['keys']): FindKey {
  let verifications = 0

  async function verify(request: SignedRequest, only: string | undefined): Promise<EventKey | undefined> {
    const signatures = readSignatures(request.signature)
    if (signatures.length === 0) return undefined
    for (const [index, key] of (await keys(only)).entries()) {
      if (index > 0 && index % keysAtOnce === 0) await setImmediate()
      if (isSigned(key.secret, request, signatures)) return key
    }
    return undefined
  }

  return async (request, only) => {
    if (verifications === maxVerifications) return 'busy'
    verifications += 1
    try {
      return await verify(request, only)
    } finally {
      verifications -= 1
    }
  }
}

async function acceptEvent(
  { engine, clock, waitSeconds }: EventParts,
  findKey: FindKey,
  request: FastifyRequest,
): Promise<Answer> {
  if (!engine.isReady()) return [null, 503, { error: 'the engine is not ready' }, 5]
  const signed = readSigned(request)
  const nowMs = clock.now().getTime()
  if (!signed) return refuse(401, 'webhook-id, webhook-timestamp and webhook-signature are required')
  if (!isFresh(signed.timestamp, nowMs)) return refuse(401, 'the timestamp is not within five minutes of now')
  const key = await findKey(signed, (request.query as { key?: string }).key)
  if (key === 'busy') return ['limited', 429, { error: 'too many at once: send it again' }, 1]
  if (!key) return refuse(401, 'no key fits the signature')
  // Only now is it known whose it is: a stranger cannot use up what a client may send.
  const wait = waitSeconds(key.client)
  if (wait > 0) return ['limited', 429, { error: 'too many events in a minute: send it again later' }, wait]

  const event = readCloudEvent(signed.body)
  if (typeof event === 'string') return refuse(400, event)
  if (event.id !== signed.id) return refuse(400, "webhook-id differs from the event's id")
  const { known, sameBody, outcome, note, runIds } = await engine.acceptEvent({
    ...event,
    client: key.client,
    bodySha256: createHash('sha256').update(signed.body).digest('hex'),
    receivedAt: new Date(nowMs).toISOString(),
  })
  if (!sameBody) return ['conflict', 409, { error: 'an event of this id is known with another body' }]
  const counted = known ? 'repeated' : outcome
  const body = { id: event.id, runs: runIds, ...(note && { note }) }
  if (outcome === 'refused') return [counted, 422, { ...body, error: note }]
  return [counted, known ? 200 : 202, body]
}

function readSigned(request: FastifyRequest): SignedRequest | undefined {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => request.headers[name],
  )
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string')
    return undefined
  return { id, timestamp, signature, body: request.body instanceof Buffer ? request.body : Buffer.alloc(0) }
}
