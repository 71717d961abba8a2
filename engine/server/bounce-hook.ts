/** POST /v1/hooks/bounces/<connection>: a mail provider, or a script beside the mail server, says that a mail came back. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RecordedBounces } from '../core/contracts/bounces.ts'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { readBounceBody } from './bounce-body.ts'
import { createRequestRate } from './request-rate.ts'
import { addSignedHook } from './signed-hook.ts'

const rate = { atOnce: 300, perSecond: 10 }

export interface BounceHookParts {
  engine: Pick<Engine, 'bounces' | 'isReady'>
  clock: Clock
  /** A secret by its name; undefined where it cannot be used. */
  secret(name: string): Promise<Secret | undefined>
}

/**
 * Adds the route. Answers 202 to what is signed and recorded, 400 to what cannot be read, 401, 413, 429 beyond 300 at once
 * and 10 a second, 503 while nothing can be recorded, and 404 where the connection has no hook, as if it were not there.
 */
export function addBounceHookRoute(server: FastifyInstance, parts: BounceHookParts): void {
  const { engine, clock } = parts
  const mayPost = createRequestRate(rate, clock)

  function findSecret(request: FastifyRequest): Promise<Secret | undefined> {
    const name = engine.bounces.hookSecret(connectionOf(request))
    return name === undefined ? Promise.resolve(undefined) : parts.secret(name)
  }

  async function take(request: FastifyRequest, reply: FastifyReply, body: Buffer) {
    if (!engine.isReady())
      return reply.code(503).header('retry-after', '5').send({ error: 'the engine is not ready' })
    const connection = connectionOf(request)
    // Only now is it known whose it is: a stranger uses nothing up.
    if (!mayPost(connection, 1))
      return reply.code(429).header('retry-after', '5').send({ error: 'too many at once: send it again' })
    const digest = createHash('sha256').update(body).digest('hex')
    try {
      const { records, known } = await record(connection, digest, body, request.headers['content-type'])
      return await reply.code(202).send({ recorded: records.length, known })
    } catch (error) {
      if (!(error instanceof JobsdError) || error.code !== 'BAD_REQUEST') throw error
      return reply.code(400).send({ error: String(error.details.reason) })
    }
  }

  async function record(
    connection: string,
    digest: string,
    body: Buffer,
    type = '',
  ): Promise<RecordedBounces> {
    if (!/^application\/json\b/i.test(type)) return engine.bounces.takeMail(connection, digest, body)
    const reports = readBounceBody(body)
    if (typeof reports === 'string') throw new JobsdError('BAD_REQUEST', { reason: reports })
    const mail = { kind: 'report' as const, reports }
    return engine.bounces.takeReports({ connection, source: 'hook', digest, mail })
  }

  addSignedHook(server, { path: '/v1/hooks/bounces/:connection', clock, findSecret, take })
}

function connectionOf(request: FastifyRequest): string {
  return (request.params as { connection?: string }).connection ?? ''
}
