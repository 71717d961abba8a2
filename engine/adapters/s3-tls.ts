/** What the TLS of a store's endpoint is like. */
import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import type { Finding } from '../core/contracts/checkup.ts'
import type { S3Connection } from '../core/manifest.ts'

const timeoutMs = 15_000
const soonDays = 14

/** Connects once and tells the version of TLS and how long the certificate holds. Throws what the network does. */
export async function checkTls(connection: S3Connection, signal: AbortSignal): Promise<Finding[]> {
  const url = new URL(connection.endpoint ?? `https://s3.${connection.region}.amazonaws.com`)
  if (url.protocol === 'http:') return [{ level: 'ok', text: `${url.host} is on this machine, without TLS` }]
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const { protocol, validTo } = await shakeHands(host, Number(url.port || 443), signal)
  const days = Math.floor((Date.parse(validTo) - Date.now()) / 86_400_000)
  const text = `${url.host} speaks ${protocol}, its certificate holds for ${days} more days`
  return [{ level: days < soonDays ? 'warning' : 'ok', text }]
}

function shakeHands(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<{ protocol: string; validTo: string }> {
  return new Promise((resolve, reject) => {
    const options: ConnectionOptions = { host, port, timeout: timeoutMs }
    // An address is no name that a certificate is asked for by.
    if (isIP(host) === 0) options.servername = host
    const socket = connect(options)
    const onAbort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', onAbort))
    socket.once('secureConnect', () => {
      resolve({ protocol: socket.getProtocol() ?? 'TLS', validTo: socket.getPeerCertificate().valid_to })
      socket.destroy()
    })
    socket.once('timeout', () => {
      const late = new Error(`no answer within ${timeoutMs} ms`)
      socket.destroy(Object.assign(late, { name: 'TimeoutError' }))
    })
    socket.once('error', reject)
  })
}
