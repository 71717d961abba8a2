/** A TCP proxy on loopback that fails after some bytes. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** `reset`: both sides are told so; `close`: as if the server had hung up; `stall`: nothing passes any more. */
export type Fault = 'reset' | 'close' | 'stall'

export interface TcpProxy {
  port: number
  /** Bytes that the client sent so far, over all connections. */
  sent(): number
  /** Resolves when the fault has happened. */
  failed: Promise<void>
  close(): Promise<void>
}

/** Passes connections on to a port; the fault happens once, when the client has sent `afterBytes`. */
export async function startTcpProxy(
  target: number,
  { fault = 'close', afterBytes = Number.POSITIVE_INFINITY }: { fault?: Fault; afterBytes?: number } = {},
): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const failed = Promise.withResolvers<void>()
  let sent = 0
  let hasFailed = false
  const listener = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true })
    let isStalled = false
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
    }
    far.on('data', (bytes) => {
      if (!isStalled) near.write(bytes)
    })
    near.on('data', (bytes) => {
      if (isStalled) return
      const room = hasFailed ? bytes.length : Math.max(0, Math.min(bytes.length, afterBytes - sent))
      sent += bytes.length
      far.write(bytes.subarray(0, room))
      if (hasFailed || sent < afterBytes) return
      hasFailed = true
      if (fault === 'stall') isStalled = true
      else if (fault === 'reset') near.resetAndDestroy()
      else far.end(() => near.destroy())
      failed.resolve()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as AddressInfo).port,
    sent: () => sent,
    failed: failed.promise,
    async close() {
      const closed = [...sockets].map((socket) => once(socket, 'close'))
      for (const socket of sockets) socket.destroy()
      await Promise.all([new Promise((resolve) => listener.close(resolve)), ...closed])
    },
  }
}
