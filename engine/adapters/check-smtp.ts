import { TLSSocket } from 'node:tls'
import type { Finding } from '../core/contracts/checkup.ts'
import type { Secrets } from '../core/contracts/services.ts'
import type { SmtpConnection } from '../core/manifest.ts'
import { openDkimSigner } from './smtp-dkim.ts'
import { translateSmtpFailure } from './smtp-errors.ts'
import { openSession, sessionOptions, smtpTimeouts } from './smtp-session.ts'

/** Reads the key for DKIM, greets the server and logs in; sends no mail. Throws what a mailer throws up to there. */
export async function checkSmtp(
  connection: SmtpConnection,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<Finding[]> {
  const password = connection.password && (await secrets.resolve(connection.password.secret))
  await openDkimSigner(connection, secrets)
  signal.throwIfAborted()
  const session = openSession(sessionOptions(connection, undefined, smtpTimeouts), signal)
  try {
    await session.step((done) => session.wire.connect(done))
    const socket: unknown = session.wire._socket
    const protocol = socket instanceof TLSSocket ? socket.getProtocol() : null
    const findings: Finding[] = [{ level: 'ok', text: `the server greeted, ${protocol ?? 'without TLS'}` }]
    if (connection.username !== undefined) {
      const login = { user: connection.username, pass: password?.reveal() ?? '' }
      await session.step((done) => session.wire.login(login, done))
      findings.push({ level: 'ok', text: `logged in as ${connection.username}` })
    }
    session.wire.quit()
    return findings
  } catch (error) {
    throw translateSmtpFailure(error, { connection: connection.name, handedOver: false, ...smtpTimeouts })
  } finally {
    await session.close()
  }
}
