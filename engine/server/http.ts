/** The HTTP server that others reach: health, metrics, events. */
import { timingSafeEqual } from 'node:crypto'
import fastify, { type FastifyInstance } from 'fastify'
import type { Clock, Log } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { addEventRoute, type EventKey } from './events.ts'
import { createMetrics } from './metrics.ts'

export interface HttpParts {
  engine: Engine
  clock: Clock
  log: Log
  keys(only: string | undefined): Promise<EventKey[]>
  /** Opens /metrics; undefined: nobody may read it. */
  operatorsToken: Secret | undefined
}

/** Makes the server; the caller listens. Bodies, headers and secrets are never logged. */
export function createHttpServer({ engine, clock, log, keys, operatorsToken }: HttpParts): FastifyInstance {
  const server = fastify({ bodyLimit: 1024, requestTimeout: 30_000, connectionTimeout: 60_000 })
  const metrics = createMetrics(engine)

  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', (_request, reply) =>
    reply.code(engine.isReady() ? 200 : 503).send({ ready: engine.isReady() }),
  )
  server.get('/metrics', async (request, reply) => {
    if (!holdsToken(request.headers.authorization, operatorsToken))
      return reply.code(401).send({ error: "the operators' token is required" })
    return reply.type(metrics.contentType).send(await metrics.render())
  })
  addEventRoute(server, { engine, clock, keys })

  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }))
  server.setErrorHandler(
    (error: { statusCode?: number; message: string; stack?: string }, request, reply) => {
      const status = error.statusCode ?? 500
      if (status >= 500) log.error({ path: request.routeOptions.url, stack: error.stack }, 'a request failed')
      return reply.code(status).send({ error: status >= 500 ? 'an error inside jobsd' : error.message })
    },
  )
  return server
}

function holdsToken(header: string | undefined, token: Secret | undefined): boolean {
  if (!token || !header?.startsWith('Bearer ')) return false
  const given = Buffer.from(header.slice('Bearer '.length))
  const expected = Buffer.from(token.reveal())
  return given.length === expected.length && timingSafeEqual(given, expected)
}
