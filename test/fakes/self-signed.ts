/** A certificate that signs itself, made without any tool outside of Node. */
import { generateKeyPairSync, sign } from 'node:crypto'

/** Returns the PEM texts of a new key and of its certificate for one host name, good from 2000 to 2099. */
export function createSelfSigned(host: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(bytesOf('06082a8648ce3d040302'))
  const name = sequence(der(0x31, sequence(bytesOf('0603550403'), der(0x0c, Buffer.from(host)))))
  const alternatives = sequence(bytesOf('0603551d11'), der(4, sequence(der(0x82, Buffer.from(host)))))
  const isAuthority = bytesOf('300f0603551d130101ff040530030101ff')
  const body = sequence(
    bytesOf('a003020102020101'),
    algorithm,
    name,
    sequence(der(0x18, Buffer.from('20000101000000Z')), der(0x18, Buffer.from('20991231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(isAuthority, alternatives)),
  )
  const signature = der(3, bytesOf('00'), sign('sha256', body, privateKey))
  const text = sequence(body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  }
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}
