/** Ends a statement on the server: whoever closes only the socket leaves a scan running that has nothing to send yet. */
import { connect } from 'node:net'
import type { Client } from 'pg'

const patienceMs = 2000
const cancelCode = 80_877_102

/**
 * Asks the server to cancel what the session is doing. Resolves once it was told, or after two seconds: nothing
 * depends on it but the server's work. The key that it sends, also without TLS, is worth nothing beyond that.
 */
export function cancelStatement(
  client: Client,
  { host, port }: { host: string; port: number },
): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number | null; secretKey: number | null }
  if (processID === null || secretKey === null) return Promise.resolve()
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(cancelCode, 4)
  message.writeInt32BE(processID, 8)
  message.writeInt32BE(secretKey, 12)
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ host, port }, () => socket.end(message))
  const timer = setTimeout(() => socket.destroy(), patienceMs)
  socket.resume()
  socket.on('error', () => {})
  socket.on('close', () => {
    clearTimeout(timer)
    resolve()
  })
  return promise
}
