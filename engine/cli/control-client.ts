/** Reaches a running engine through its socket. */
import { request } from 'node:http'
import type { Repeats } from '../core/contracts/ledger.ts'
import { type ErrorCode, type ErrorDetails, errorTable, JobsdError } from '../core/errors.ts'
import type { RunDetail } from '../core/model.ts'
import type { BounceList } from '../runtime/bounces.ts'
import type { LiveLook } from '../runtime/look-at-file.ts'
import type { Provenance } from '../runtime/provenance.ts'
import type { EmitAnswer } from '../runtime/requests.ts'
import type { Status } from '../runtime/status.ts'
import type { EngineClient } from './parts.ts'

/** Returns a client of the engine that listens there; undefined where none does. */
export async function connectControl(socketPath: string): Promise<EngineClient | undefined> {
  try {
    await call<Status>(socketPath, 'GET', '/v1/status')
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
  return {
    isRunning: true,
    status: () => call<Status>(socketPath, 'GET', '/v1/status'),
    async runs({ job, limit }) {
      const query = new URLSearchParams({ limit: String(limit), ...(job && { job }) })
      return (await call<{ runs: RunDetail[] }>(socketPath, 'GET', `/v1/runs?${query}`)).runs
    },
    runDetail: (id) => call<RunDetail>(socketPath, 'GET', `/v1/runs/${encodeURIComponent(id)}`),
    provenance: (id) => call<Provenance>(socketPath, 'GET', `/v1/runs/${encodeURIComponent(id)}/provenance`),
    lookAtFile: (job, path) =>
      call<LiveLook>(socketPath, 'GET', `/v1/file?${new URLSearchParams({ job, path })}`),
    hold: (action, body) => call<{ revision?: string }>(socketPath, 'POST', `/v1/${action}`, body),
    repeats: (id) => call<Repeats>(socketPath, 'GET', `/v1/runs/${encodeURIComponent(id)}/repeats`),
    resend: async (body) => (await call<{ runId: string }>(socketPath, 'POST', '/v1/resend', body)).runId,
    rerun: async (body) => (await call<{ runId: string }>(socketPath, 'POST', '/v1/rerun', body)).runId,
    async cancel(body) {
      await call(socketPath, 'POST', '/v1/cancel', body)
    },
    bounces: () => call<BounceList>(socketPath, 'GET', '/v1/bounces'),
    async clearBounces(body) {
      await call(socketPath, 'POST', '/v1/bounces/clear', body)
    },
    run: async (body) => (await call<{ runIds: string[] }>(socketPath, 'POST', '/v1/run', body)).runIds,
    emit: (body) => call<EmitAnswer>(socketPath, 'POST', '/v1/emit', body),
    close: async () => undefined,
  }
}

async function call<T>(socketPath: string, method: string, path: string, body?: unknown): Promise<T> {
  const { status, text } = await send(socketPath, method, path, body)
  const answer = JSON.parse(text) as T & { code?: string; details?: ErrorDetails; message?: string }
  if (status < 400) return answer
  if (answer.code && answer.code in errorTable) throw new JobsdError(answer.code as ErrorCode, answer.details)
  throw new Error(answer.message ?? `the engine answered ${status}`)
}

function send(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ socketPath, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
