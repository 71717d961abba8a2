/** A web service on loopback that does what a test says, and the certificate for one with TLS. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { HttpConnection } from '../../engine/core/manifest.ts'

export interface Seen {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Answers each request; what came is kept. */
export async function serveHttp(
  t: Test,
  answer: (request: Seen, response: ServerResponse, count: number) => void,
): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void buffer(request).then((body) => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers, body })
      answer(seen.at(-1)!, response, seen.length)
    })
  })
  const port = await listen(t, server)
  return { port, seen }
}

/** A server that is given each raw connection. */
export async function serveRaw(t: Test, meet: (socket: Socket) => void): Promise<{ port: number }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    meet(socket)
  })
  return { port: await listen(t, server) }
}

async function listen(t: Test, server: ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export function httpConnection(port: number, changes: Partial<HttpConnection> = {}): HttpConnection {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'crm',
    type: 'http',
    baseUrl: `http://127.0.0.1:${port}/api`,
    allowPrivate: true,
    ...changes,
  }
}
