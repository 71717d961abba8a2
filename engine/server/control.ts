/** The owner-only socket in the data folder, through which commands reach a running engine. */
import { chmod, rm } from 'node:fs/promises'
import fastify from 'fastify'
import type { ClearRequest } from '../core/contracts/bounces.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId } from '../core/model.ts'
import type { Engine } from '../runtime/engine.ts'
import type { HoldRequest } from '../runtime/holds.ts'
import type { EmitRequest, RunRequest } from '../runtime/requests.ts'
import type { Emit } from './emit.ts'
import { readRepeat, readRerun, readResend } from './repeat-body.ts'

const notFound = ['JOB_UNKNOWN', 'RUN_UNKNOWN']
const holdActions = ['suspend', 'resume', 'pin', 'unpin'] as const

/** Listens on the socket, in a folder of the owner alone, until closed. Errors are answered as `{ code, details }`. */
export async function listenForControl(
  socket: string,
  engine: Engine,
  emit: Emit,
): Promise<{ close(): Promise<void> }> {
  const server = fastify({ bodyLimit: 256 * 1024 })
  server.get('/v1/status', () => engine.status())
  server.get('/v1/runs', async (request) => {
    const { job, client, limit } = request.query as { job?: JobId; client?: string; limit?: string }
    return {
      runs: await engine.runs({ ...(job && { job }), ...(client && { client }), limit: Number(limit ?? 50) }),
    }
  })
  server.get('/v1/runs/:id', async (request) => {
    const { id } = request.params as { id: string }
    const run = await engine.runDetail(id)
    if (!run) throw new JobsdError('RUN_UNKNOWN', { run: id })
    return run
  })
  server.get('/v1/runs/:id/provenance', (request) => engine.provenance((request.params as { id: string }).id))
  server.get('/v1/file', (request) => {
    const { job = '', path = '' } = request.query as { job?: string; path?: string }
    return engine.lookAtFile(job, path)
  })
  for (const action of holdActions) {
    server.post(`/v1/${action}`, async (request) => ({
      ...(await engine.holds[action](readHoldRequest(request.body))),
    }))
  }
  server.get('/v1/runs/:id/repeats', (request) => engine.repeats((request.params as { id: string }).id))
  server.post('/v1/resend', async (request) => ({ runId: await engine.resend(readResend(request.body)) }))
  server.post('/v1/rerun', async (request) => ({ runId: await engine.rerun(readRerun(request.body)) }))
  server.post('/v1/cancel', async (request) => {
    const { run, who, why } = readRepeat(request.body)
    await engine.cancel(run, { who, why })
    return {}
  })
  server.get('/v1/bounces', () => engine.bounces.list())
  server.post('/v1/bounces/clear', async (request) => {
    await engine.bounces.clear(readClearRequest(request.body))
    return {}
  })
  server.post('/v1/run', async (request) => ({ runIds: await engine.run(request.body as RunRequest) }))
  server.post('/v1/emit', (request) => emit(request.body as EmitRequest))
  server.setErrorHandler((error: Error, _request, reply) => {
    if (!(error instanceof JobsdError)) return reply.code(500).send({ message: error.message })
    return reply
      .code(notFound.includes(error.code) ? 404 : 400)
      .send({ code: error.code, details: error.details })
  })

  // Left by an engine that was killed; the lock says that none runs.
  await rm(socket, { force: true })
  await server.listen({ path: socket })
  await chmod(socket, 0o600)
  return { close: () => server.close() }
}

function readClearRequest(body: unknown): ClearRequest {
  const { address, connection, who, why } = (body ?? {}) as Record<string, unknown>
  const isAsked = [address, connection, who, why].every((each) => typeof each === 'string')
  if (!isAsked)
    throw new JobsdError('BAD_REQUEST', { reason: 'address, connection, who and why must be texts' })
  return { address, connection, who, why } as ClearRequest
}

function readHoldRequest(body: unknown): HoldRequest {
  const { job, revision, who, why } = (body ?? {}) as Record<string, unknown>
  if (typeof job !== 'string' || typeof who !== 'string' || typeof why !== 'string')
    throw new JobsdError('BAD_REQUEST', { reason: 'job, who and why must be texts' })
  if (revision !== undefined && typeof revision !== 'string')
    throw new JobsdError('BAD_REQUEST', { reason: 'revision must be a text' })
  return { job, who, why, ...(revision !== undefined && { revision }) }
}
