/** What operators read by HTTP, with their token: what is, what was, and where it came from. */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { JobsdError } from '../core/errors.ts'
import type { JobId } from '../core/model.ts'
import { toRunJson } from '../core/run-json.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import type { Metrics } from './metrics.ts'

const defaultLimit = 50
const maxLimit = 500

export interface OperatorParts {
  engine: Pick<Engine, 'status' | 'runs' | 'runDetail' | 'provenance'>
  metrics: Metrics
  /** undefined: nobody may read anything here. */
  token: Secret | undefined
}

/** Adds the routes. Without the token each answers 401, whatever was asked; then 400 and 404. */
export function addOperatorRoutes(server: FastifyInstance, { engine, metrics, token }: OperatorParts): void {
  server.register((scope, _options, done) => {
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      if (!holdsToken(request.headers.authorization, token))
        return reply.code(401).send({ error: "the operators' token is required" })
    })
    scope.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.render()),
    )
    scope.get('/v1/status', () => engine.status())
    scope.get('/v1/jobs', async () => ({ jobs: (await engine.status()).jobs }))
    scope.get('/v1/runs', (request, reply) => listRuns(engine, request, reply))
    scope.get('/v1/runs/:id', async (request, reply) => {
      const run = await engine.runDetail(idOf(request))
      return run ? toRunJson(run) : reply.code(404).send({ error: 'there is no such run' })
    })
    scope.get('/v1/runs/:id/provenance', async (request, reply) => {
      try {
        return await engine.provenance(idOf(request))
      } catch (error) {
        if (!(error instanceof JobsdError) || error.code !== 'RUN_UNKNOWN') throw error
        return reply.code(404).send({ error: 'there is no such run' })
      }
    })
    done()
  })
}

async function listRuns(engine: OperatorParts['engine'], request: FastifyRequest, reply: FastifyReply) {
  const { job, limit = String(defaultLimit) } = request.query as Record<string, string | string[] | undefined>
  if (Array.isArray(job)) return reply.code(400).send({ error: 'job is given more than once' })
  const count = typeof limit === 'string' && /^[1-9][0-9]{0,2}$/.test(limit) ? Number(limit) : Number.NaN
  if (!(count <= maxLimit))
    return reply.code(400).send({ error: `limit is not a number from 1 to ${maxLimit}` })
  const runs = await engine.runs({ limit: count, ...(job && { job: job as JobId }) })
  return { runs: runs.map(toRunJson) }
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}

function holdsToken(header: string | undefined, token: Secret | undefined): boolean {
  if (!token || !header?.startsWith('Bearer ')) return false
  const given = Buffer.from(header.slice('Bearer '.length))
  const expected = Buffer.from(token.reveal())
  return given.length === expected.length && timingSafeEqual(given, expected)
}
