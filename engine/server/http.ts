/** The HTTP server that others reach: health, events, Git hooks, and what operators read. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { addEventRoute, type EventKey } from './events.ts'
import { addGitHookRoute, type GitHookParts } from './git-hook.ts'
import { createMetrics } from './metrics.ts'
import { addOperatorRoutes } from './operators.ts'

export interface HttpParts {
  engine: Engine
  clock: Clock
  log: Log
  keys(only: string | undefined): Promise<EventKey[]>
  hookSecret: GitHookParts['secret']
  /** Opens what operators read; undefined: nobody may. */
  operatorsToken: Secret | undefined
}

/** Makes the server; the caller listens. Bodies, headers and secrets are never logged. */
export function createHttpServer(parts: HttpParts): FastifyInstance {
  const { engine, clock, log, keys } = parts
  const server = fastify({ bodyLimit: 1024, requestTimeout: 30_000, connectionTimeout: 60_000 })
  const metrics = createMetrics(engine, clock)

  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', (_request, reply) => {
    if (engine.isReady()) return reply.code(200).send({ ready: true })
    const reason = engine.trouble()
    return reply.code(503).send({ ready: false, ...(reason !== null && { reason }) })
  })
  addOperatorRoutes(server, { engine, metrics, token: parts.operatorsToken })
  addEventRoute(server, { engine, clock, keys })
  addGitHookRoute(server, { engine, clock, secret: parts.hookSecret })

  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }))
  server.setErrorHandler(
    (error: { statusCode?: number; message: string; stack?: string }, request, reply) => {
      // Nothing was kept of the request: whoever sent it sends it again.
      if (error instanceof JobsdError && error.code === 'STORAGE_FAILED')
        return reply.code(503).header('retry-after', '5').send({ error: error.message })
      const status = error.statusCode ?? 500
      if (status >= 500) log.error({ path: request.routeOptions.url, stack: error.stack }, 'a request failed')
      return reply.code(status).send({ error: status >= 500 ? 'an error inside jobsd' : error.message })
    },
  )
  return server
}
