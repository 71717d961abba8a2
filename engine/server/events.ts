/** POST /v1/events: a signed event becomes a durable record, and its runs, before it is answered. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
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
}

/** Adds the route. Answers 202 for a new event, 200 for a known one, 400, 401, 409, 413, 415, 429 and 503. */
export function addEventRoute(server: FastifyInstance, parts: EventParts): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    ['application/cloudevents+json', 'application/json'],
    { parseAs: 'buffer', bodyLimit: maxBodyBytes },
    (_request, body, done) => done(null, body),
  )
  const findKey = createVerifier(parts.keys)
  server.post('/v1/events', (request, reply) => acceptEvent(parts, findKey, request, reply))
}

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
  { engine, clock }: EventParts,
  findKey: FindKey,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  if (!engine.isReady()) return reply.code(503).send({ error: 'the engine is not ready' })
  const signed = readSigned(request)
  const nowMs = clock.now().getTime()
  if (!signed)
    return reply.code(401).send({ error: 'webhook-id, webhook-timestamp and webhook-signature are required' })
  if (!isFresh(signed.timestamp, nowMs))
    return reply.code(401).send({ error: 'the timestamp is not within five minutes of now' })
  const key = await findKey(signed, (request.query as { key?: string }).key)
  if (key === 'busy')
    return reply.code(429).header('retry-after', '1').send({ error: 'too many at once: send it again' })
  if (!key) return reply.code(401).send({ error: 'no key fits the signature' })

  const event = readCloudEvent(signed.body)
  if (typeof event === 'string') return reply.code(400).send({ error: event })
  if (event.id !== signed.id) return reply.code(400).send({ error: "webhook-id differs from the event's id" })
  const result = await engine.acceptEvent({
    ...event,
    client: key.client,
    bodySha256: createHash('sha256').update(signed.body).digest('hex'),
    receivedAt: new Date(nowMs).toISOString(),
  })
  if (!result.sameBody)
    return reply.code(409).send({ error: 'an event of this id is known with another body' })
  return reply.code(result.known ? 200 : 202).send({ id: event.id, runs: result.runIds })
}

function readSigned(request: FastifyRequest): SignedRequest | undefined {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => request.headers[name],
  )
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string')
    return undefined
  return { id, timestamp, signature, body: request.body instanceof Buffer ? request.body : Buffer.alloc(0) }
}
