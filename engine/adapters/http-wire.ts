/** The connection under a request: to an address that was looked at, within a time, and in two halves. */
import { createReadStream } from 'node:fs'
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { HttpBody } from '../core/contracts/http.ts'
import type { HttpConnection } from '../core/manifest.ts'
import { answerWith, findAddresses, type ResolveHost } from './http-address.ts'

/** Ends an act with the caller's signal, or after a time that can be set anew. */
export function createLimit(outer: AbortSignal) {
  const late = new AbortController()
  let lateMs: number | undefined
  let timer: NodeJS.Timeout | undefined
  const end = (ms: number): void => {
    lateMs ??= ms
    late.abort(new Error(`no answer within ${ms} ms`))
  }
  return {
    signal: AbortSignal.any([outer, late.signal]),
    end,
    lateMs: () => lateMs,
    start(ms: number) {
      clearTimeout(timer)
      timer = setTimeout(end, ms, ms)
    },
    clear: () => clearTimeout(timer),
  }
}

/** A request on a connection that stands, of which nothing was sent yet. */
export async function openRequest(
  connection: HttpConnection,
  { method, path, query }: { method: string; path: string; query: string },
  headers: Record<string, string>,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<ClientRequest> {
  const addresses = await findAddresses(connection, resolve, signal)
  const url = new URL(connection.baseUrl)
  const isTls = url.protocol === 'https:'
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (isTls ? 443 : 80),
    lookup: answerWith(addresses),
    method,
    path: `${url.pathname.replace(/\/+$/, '')}${path}${query && `?${query}`}` || '/',
    headers: { host: url.host, ...headers },
  }
  // Agents of our own: no proxy, no certificate and no option of the process comes in by the global ones.
  const trust = connection.ca === undefined ? {} : { ca: connection.ca }
  const wire = isTls
    ? requestHttps({
        ...options,
        agent: new HttpsAgent({ keepAlive: false, rejectUnauthorized: true, ...trust }),
      })
    : requestHttp({ ...options, agent: new HttpAgent({ keepAlive: false }) })
  await settled(wire, signal, (done) => {
    wire.once('socket', (socket: Socket) =>
      socket.once(isTls ? 'secureConnect' : 'connect', () => done(undefined)),
    )
  })
  return wire
}

/** Sends the request and gives the head of the answer. An answer that comes early is taken all the same. */
export async function transmit(
  wire: ClientRequest,
  body: HttpBody,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return await settled(wire, signal, (done, fail) => {
    wire.once('response', done)
    if (body.kind !== 'file') wire.end(body.kind === 'json' ? body.text : undefined)
    else if (body.size === 0) wire.end()
    // What the disk fails with; what becomes of the connection its own events tell.
    else
      createReadStream(body.localPath, { end: body.size - 1 })
        .once('error', fail)
        .pipe(wire)
  })
}

/** Settles by an event of the request, by its failure, or by the signal, which ends it. */
function settled<T>(
  wire: ClientRequest,
  signal: AbortSignal,
  wait: (done: (value: T) => void, fail: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      wire.destroy()
      reject(signal.reason)
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    // Stays, as a connection that nobody waits on any more may still fail.
    wire.on('error', reject)
    wire.once('close', () =>
      reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })),
    )
    wait(resolve, reject)
  })
}
