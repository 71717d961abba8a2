/** Requests to a web service, each on a connection of its own to an address that was looked at before. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { HttpAnswer, HttpClient, HttpRequest } from '../core/contracts/http.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { parseSize } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { HttpConnection } from '../core/manifest.ts'
import { type ResolveHost, resolveHost } from './http-address.ts'
import { drainAnswer, mediaTypeOf, readBeginning, saveAnswer } from './http-answer.ts'
import { type Asked, describeBreak, refuseAnswer } from './http-errors.ts'
import { writeHeaders } from './http-headers.ts'
import { createLimit, openRequest, transmit } from './http-wire.ts'

export interface HttpTimeouts {
  /** From the name to a connection that can be used. */
  connectMs: number
  /** Without a byte from the service or to it. */
  idleMs: number
  /** One request from its first byte to the answer's last. */
  requestMs: number
}

export const httpTimeouts: HttpTimeouts = { connectMs: 15_000, idleMs: 60_000, requestMs: 300_000 }

export interface HttpServices {
  secrets: Secrets
  clock: Clock
  timeouts?: HttpTimeouts
  resolve?: ResolveHost
}

const defaultMaxResponse = '10MiB'
/** How long a service may take with the rest of an answer that nobody waits for. */
const restMs = 10_000

/** Nothing is kept between requests: a kept connection may break just when a request is on it, and leave it in doubt. */
export function createHttpClient(connection: HttpConnection, services: HttpServices): HttpClient {
  return {
    send: (request, transmitting, signal) => exchange(connection, services, request, transmitting, signal),
  }
}

async function exchange(
  connection: HttpConnection,
  services: HttpServices,
  request: HttpRequest,
  transmitting: () => Promise<void>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { timeouts = httpTimeouts, resolve = resolveHost, clock } = services
  const { headers, hidden } = await writeHeaders(connection, request, services)
  const asked = { connection: connection.name, request: `${request.method} ${request.path}` }
  const limit = createLimit(signal)
  let isSent = false
  let wire: ClientRequest | undefined
  try {
    limit.start(timeouts.connectMs)
    wire = await openRequest(connection, request, headers, resolve, limit.signal)
    limit.start(timeouts.requestMs)
    wire.setTimeout(timeouts.idleMs, () => limit.end(timeouts.idleMs))
    const standing = wire
    limit.signal.addEventListener('abort', () => standing.destroy(), { once: true })
    await transmitting()
    limit.signal.throwIfAborted()
    isSent = true
    const response = await transmit(wire, request.body, limit.signal)
    const isFine = request.expect?.includes(response.statusCode ?? 0) ?? isSuccess(response)
    if (request.saveTo === undefined || !isFine) limit.start(Math.min(restMs, timeouts.requestMs))
    if (isFine) return await takeAnswer(response, request, connection, asked)
    const longest = Math.max(0, ...hidden.map((value) => value.length * 6))
    const text = await readBeginning(response, longest)
    const { isRepeatable } = request
    throw refuseAnswer(response, text, { ...asked, nowMs: clock.now().getTime(), isRepeatable, hidden })
  } catch (error) {
    // Stopped before the service could have acted, there is no doubt: whoever stopped it says why.
    const isDoubtful = isSent && !request.isRepeatable
    if (signal.aborted && !isDoubtful) throw signal.reason
    throw describeBreak(error, asked, { isDoubtful, lateMs: limit.lateMs() })
  } finally {
    limit.clear()
    wire?.destroy()
  }
}

/** What a service showed of itself. */
export interface Head {
  status: number
  address: string
  tls: { version: string; untilMs: number } | null
}

/** Asks for the head of the base URL. Throws as `send` does where no answer comes. */
export async function askHead(
  connection: HttpConnection,
  services: HttpServices,
  signal: AbortSignal,
): Promise<Head> {
  const { timeouts = httpTimeouts, resolve = resolveHost } = services
  const request = {
    method: 'HEAD',
    path: '',
    query: '',
    body: { kind: 'none' as const },
    idempotencyKey: 'doctor',
  }
  const { headers } = await writeHeaders(connection, request, services)
  const limit = createLimit(signal)
  let wire: ClientRequest | undefined
  try {
    limit.start(timeouts.connectMs)
    wire = await openRequest(connection, request, headers, resolve, limit.signal)
    limit.start(timeouts.idleMs)
    const { statusCode: status = 0, socket } = await transmit(wire, request.body, limit.signal)
    const { remoteAddress: address = '' } = socket
    if (!(socket instanceof TLSSocket)) return { status, address, tls: null }
    const { valid_to: until } = socket.getPeerCertificate()
    return { status, address, tls: { version: socket.getProtocol() ?? '', untilMs: Date.parse(until) } }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const asked = { connection: connection.name, request: 'HEAD' }
    throw describeBreak(error, asked, { isDoubtful: false, lateMs: limit.lateMs() })
  } finally {
    limit.clear()
    wire?.destroy()
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

/** What is fine was taken, whatever becomes of its body. Throws ANSWER_LOST; rejects where a repeatable one's breaks off. */
async function takeAnswer(
  response: IncomingMessage,
  { saveTo, isRepeatable }: HttpRequest,
  { maxResponse = defaultMaxResponse }: HttpConnection,
  asked: Asked,
): Promise<HttpAnswer> {
  const answer = { status: response.statusCode ?? 0, mediaType: mediaTypeOf(response) }
  const allowed = parseSize(maxResponse)
  if (saveTo === undefined) {
    await drainAnswer(response, allowed)
    return answer
  }
  try {
    await saveAnswer(response, saveTo, allowed, asked)
    return answer
  } catch (error) {
    if (isRepeatable) throw error
    const reason = error instanceof JobsdError ? error.details.reason : 'it broke off'
    return { ...answer, lost: String(reason) }
  }
}
