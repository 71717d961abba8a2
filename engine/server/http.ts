/** The HTTP server that others reach: health, events, Git hooks, and what operators read. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { addBounceHookRoute, type BounceHookParts } from './bounce-hook.ts'
import { addCatalogRoutes } from './catalog.ts'
import { createEventRate } from './event-rate.ts'
import { addEventRoute, type EventKey } from './events.ts'
import { addGitHookRoute, type GitHookParts } from './git-hook.ts'
import type { LivePages } from './live-pages.ts'
import { createMetrics } from './metrics.ts'
import { addOperatorRoutes } from './operators.ts'
import { addOperatorsPage, type OperatorsPageParts } from './operators-page.ts'

export interface HttpParts {
  engine: Engine
  clock: Clock
  log: Log
  keys(only: string | undefined): Promise<EventKey[]>
  hookSecret: GitHookParts['secret']
  /** The secrets of hooks for returned mails, by name; undefined: there are no such hooks. */
  bounceSecret?: BounceHookParts['secret']
  /** What the pages are made of; undefined: there are none. */
  live?: LiveParts | undefined
  /** Opens what operators read; undefined: nobody may. */
  operatorsToken: Secret | undefined
  /** Until when a whole request must have come, in milliseconds. Default 30,000. */
  requestTimeoutMs?: number
}

/** What the customers' and the operators' pages need besides the engine. */
export interface LiveParts {
  pages: LivePages
  ledger: OperatorsPageParts['ledger']
  /** Signs sessions. */
  sessionKey: Secret
}

/** Beyond that a connection is closed at once: each may hold a body, and nobody has proved anything. */
const mostConnections = 1000

/** Makes the server; the caller listens. Bodies, headers and secrets are never logged. */
export function createHttpServer(parts: HttpParts): FastifyInstance {
  const { engine, clock, log, keys, requestTimeoutMs = 30_000 } = parts
  const server = fastify({
    bodyLimit: 1024,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 60_000,
    http: {
      // Node looks for late requests only so often.
      connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs),
      // Node swaps the two where the head may take longer than the whole: a body could then take 60 s.
      headersTimeout: Math.min(10_000, requestTimeoutMs),
    },
  })
  server.server.maxConnections = mostConnections
  const metrics = createMetrics(engine, clock)

  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', (_request, reply) => {
    if (engine.isReady()) return reply.code(200).send({ ready: true })
    const reason = engine.trouble()
    return reply.code(503).send({ ready: false, ...(reason !== null && { reason }) })
  })
  addOperatorRoutes(server, { engine, metrics, token: parts.operatorsToken })
  const waitSeconds = createEventRate(() => engine.policies(), clock)
  addEventRoute(server, { engine, clock, keys, waitSeconds, count: metrics.countEvent })
  if (parts.live) {
    const { pages, ledger, sessionKey: key } = parts.live
    addCatalogRoutes(server, { engine, pages, clock, key })
    addOperatorsPage(server, { engine, ledger, clock, key, token: parts.operatorsToken })
  }
  addGitHookRoute(server, { engine, clock, secret: parts.hookSecret })
  if (parts.bounceSecret) addBounceHookRoute(server, { engine, clock, secret: parts.bounceSecret })

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
