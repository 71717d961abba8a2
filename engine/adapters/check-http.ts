import type { Finding } from '../core/contracts/checkup.ts'
import type { HttpConnection } from '../core/manifest.ts'
import { askHead, type HttpServices } from './http-client.ts'

const soonMs = 21 * 86_400_000

/** Asks for the head of the base URL with the connection's credentials. Throws what a client throws up to there. */
export async function checkHttp(
  connection: HttpConnection,
  services: HttpServices,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { status, address, tls } = await askHead(connection, services, signal)
  const findings: Finding[] = [
    { level: 'ok', text: `the service answered at ${address}, ${tls?.version ?? 'without TLS'}` },
  ]
  if (tls && tls.untilMs - services.clock.now().getTime() < soonMs) {
    const day = new Date(tls.untilMs).toISOString().slice(0, 10)
    findings.push({ level: 'warning', text: `its certificate ends on ${day}` })
  }
  return [...findings, judgeStatus(status, connection)]
}

function judgeStatus(status: number, { auth }: HttpConnection): Finding {
  const text = `HEAD of baseUrl was answered ${status}`
  if (status === 401 || status === 403) {
    const why =
      auth === undefined
        ? 'it wants credentials, and the connection has none'
        : 'were the credentials refused?'
    return { level: 'problem', text: `${text}: ${why}` }
  }
  if (status >= 300 && status < 400)
    return { level: 'warning', text: `${text}: redirects are not followed; name the place itself in baseUrl` }
  return { level: status >= 500 ? 'warning' : 'ok', text }
}
