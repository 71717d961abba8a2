/** A TCP proxy whose connections break where a test says. */
import { connect, createServer, type Socket } from 'node:net'

export interface Break {
  /** Which of the two ways counts, as the client sees it. */
  way: 'up' | 'down'
  /** Bytes of one connection that still pass. */
  after: number
  how: 'reset' | 'close' | 'stall'
}

export interface BrokenWire {
  endpoint: string
  /** Connections that broke. */
  readonly broken: number
  close(): Promise<void>
}

/** Passes connections on to a port of this machine; each of the first `times` breaks, the others do not. */
export async function startBrokenWire(
  port: number,
  plan: Break,
  times = Number.POSITIVE_INFINITY,
): Promise<BrokenWire> {
  const sockets = new Set<Socket>()
  let opened = 0
  let broken = 0
  const server = createServer((client) => {
    opened += 1
    const target = connect(port, '127.0.0.1')
    const breaks = opened <= times
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        if (plan.how !== 'stall' || !isOver) for (const other of [client, target]) other.destroy()
      })
    }
    let passed = 0
    let isOver = false
    const pass = (way: Break['way'], from: Socket, to: Socket) =>
      from.on('data', (bytes) => {
        if (isOver) return
        const left = breaks && way === plan.way ? plan.after - passed : bytes.length
        to.write(bytes.subarray(0, left))
        if (way === plan.way) passed += bytes.length
        if (left >= bytes.length) return
        isOver = true
        broken += 1
        if (plan.how === 'reset') client.resetAndDestroy()
        else if (plan.how === 'close') client.end(() => client.destroy())
      })
    pass('up', client, target)
    pass('down', target, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get broken() {
      return broken
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
