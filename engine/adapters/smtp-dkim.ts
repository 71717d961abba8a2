/** Signs mails as RFC 6376 says, relaxed/relaxed with RSA and SHA-256. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Readable } from 'node:stream'
import DKIM from 'nodemailer/lib/dkim'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SmtpConnection } from '../core/manifest.ts'

const fewestBits = 1024

/**
 * Returns what signs the connection's mails; without dkim they stay as they are. The body is held in memory until it is
 * signed, since the signature goes before it. Throws SECRET_MISSING, SECRET_EXPOSED, and AUTH_REFUSED for a key that
 * cannot sign: the library would send the mail unsigned.
 */
export async function openDkimSigner(
  connection: SmtpConnection,
  secrets: Secrets,
): Promise<(mail: Buffer | Readable) => Buffer | Readable> {
  const { dkim } = connection
  if (dkim === undefined) return (mail) => mail
  const pem = (await secrets.resolve(dkim.privateKey.secret)).reveal()
  if (!canSign(readKey(pem))) {
    const reason = 'dkim.privateKey is no RSA key of 1024 bits or more'
    throw new JobsdError('AUTH_REFUSED', { connection: connection.name }, { cause: new Error(reason) })
  }
  const signer = new DKIM({ domainName: dkim.domain, keySelector: dkim.selector, privateKey: pem })
  return (mail) => signer.sign(mail)
}

/** Undefined for what is no unencrypted private key. */
function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // Node's words may hold a part of the text; that it is no key is all there is to tell.
    return undefined
  }
}

function canSign(key: KeyObject | undefined): boolean {
  return key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= fewestBits
}
