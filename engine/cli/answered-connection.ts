/** The connection that the answers describe; its secrets are named after it. */
import { readFileSync } from 'node:fs'
import { readPublicKey } from '../config/openpgp-key.ts'
import { secretOf } from '../config/scaffold/connection.ts'
import { JobsdError } from '../core/errors.ts'
import type { Connection, HttpConnection } from '../core/manifest.ts'

type Answers = Record<string, string>

/** Throws BAD_REQUEST for a public key with another fingerprint than the one that was given. */
export function answeredConnection(type: Connection['type'], name: string, answers: Answers): Connection {
  const { title, ...own } = answers
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name,
    ...(title !== undefined && { title }),
    type,
    ...settingsOf(type, name, own),
  } as Connection
}

function settingsOf(type: Connection['type'], name: string, answers: Answers): object {
  if (type === 'http') return httpSettings(name, answers)
  if (type === 'key') return keySettings(name, answers)
  const { hostKey, port, ...own } = answers
  const secrets =
    type === 's3'
      ? { accessKeyId: secretOf(name, 'access-key-id'), secretAccessKey: secretOf(name, 'secret-access-key') }
      : own.username === undefined
        ? {}
        : { password: secretOf(name, 'password') }
  return {
    ...own,
    ...(port !== undefined && { port: Number(port) }),
    ...secrets,
    ...(hostKey !== undefined && { hostKeys: [hostKey] }),
  }
}

function httpSettings(name: string, { baseUrl, auth, username, header, allowPrivate }: Answers): object {
  const ways: Record<string, NonNullable<HttpConnection['auth']>> = {
    bearer: { type: 'bearer', token: secretOf(name, 'token') },
    basic: { type: 'basic', username: username ?? '', password: secretOf(name, 'password') },
    header: { type: 'header', name: header ?? '', value: secretOf(name, 'key') },
    hmac: { type: 'hmac', key: secretOf(name, 'signing-key') },
  }
  const way = auth === undefined ? undefined : ways[auth]
  return { baseUrl, ...(way && { auth: way }), ...(allowPrivate !== undefined && { allowPrivate: true }) }
}

function keySettings(name: string, { purpose, publicKey = '', fingerprint = '', own }: Answers): object {
  if (purpose === 'passphrase') return { purpose, passphrase: secretOf(name, 'passphrase') }
  const armored = readFileSync(publicKey, 'utf8').replaceAll('\r\n', '\n')
  const found = readPublicKey(armored)
  if ('fingerprint' in found && found.fingerprint !== fingerprint.toUpperCase()) {
    const reason = `--fingerprint: the key in ${publicKey} has ${found.fingerprint}; ask its owner which one is theirs`
    throw new JobsdError('BAD_REQUEST', { reason })
  }
  return {
    purpose,
    fingerprint: fingerprint.toUpperCase(),
    ...(own !== undefined && {
      privateKey: secretOf(name, 'private'),
      passphrase: secretOf(name, 'passphrase'),
    }),
    publicKey: armored,
  }
}
