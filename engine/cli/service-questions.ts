/** What web services, keys and databases must and may be told, where that depends on what they are. */
import { readFileSync } from 'node:fs'
import { readPublicKey } from '../config/openpgp-key.ts'
import { type Check, checkChoice, checkFormat, optional, type Question, question } from './answers.ts'
import type { ConnectionOptions } from './new-connection.ts'

export const authTypes = ['bearer', 'basic', 'header', 'hmac', 'none']
export const keyPurposes = ['openpgp', 'passphrase']

const checkHeader: Check = (text) =>
  /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/.test(text) && text.length <= 60
    ? null
    : `${JSON.stringify(text)} is no name of a header, such as "X-Api-Key"`
const checkBasicUser: Check = (text) =>
  /^[^:\p{Cc}]{1,254}$/u.test(text) ? null : `${JSON.stringify(text)} is no user name; a colon is not allowed`
const checkFingerprint: Check = (text) =>
  /^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(text)
    ? null
    : `${JSON.stringify(text)} is no fingerprint; it has 40 or 64 hex digits without spaces, as gpg --list-keys prints it`

const checkPublicKey: Check = (path) => {
  try {
    const found = readPublicKey(readFileSync(path, 'utf8'))
    return 'fault' in found ? `the text of ${path} ${found.fault}` : null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return `cannot read ${path}: ${code === 'ENOENT' ? 'it is not there' : message}`
  }
}

/** The first questions: what is asked next may depend on their answers. */
export function serviceQuestions(type: 'http' | 'key', options: ConnectionOptions): Record<string, Question> {
  if (type === 'key') {
    const ask = `What it is for: ${keyPurposes.join(', ')}`
    const purpose = options.purpose ?? (options.publicKey === undefined ? undefined : 'openpgp')
    return { purpose: question('--purpose', ask, 'openpgp', checkChoice(keyPurposes, 'purpose'), purpose) }
  }
  const ask = `How a request shows who sends it: ${authTypes.join(', ')}`
  return {
    baseUrl: question(
      '--base-url',
      'What every path is added to',
      'https://api.acme.example/v2',
      checkFormat('endpoint'),
      options.baseUrl,
    ),
    auth: question('--auth', ask, 'bearer', checkChoice(authTypes, 'way to show who asks'), options.auth),
    ...optional('allowPrivate', '--allow-private', () => null, options.allowPrivate ? 'yes' : undefined),
  }
}

/** What the answers to the first questions make necessary. */
export function furtherQuestions(
  answers: Record<string, string>,
  options: ConnectionOptions,
): Record<string, Question> {
  if (answers.auth === 'basic')
    return { username: question('--username', 'The user', 'jobsd', checkBasicUser, options.username) }
  if (answers.auth === 'header')
    return { header: question('--header', "The key's header", 'X-Api-Key', checkHeader, options.header) }
  if (answers.purpose !== 'openpgp') return {}
  return {
    publicKey: question(
      '--public-key',
      'The file with the public key, as gpg --armor --export writes it',
      'acme.asc',
      checkPublicKey,
      options.publicKey,
    ),
    fingerprint: question(
      '--fingerprint',
      "The key's fingerprint, from its owner and not from the file",
      '0123456789ABCDEF0123456789ABCDEF01234567',
      checkFingerprint,
      options.fingerprint,
    ),
    ...optional('own', '--own', () => null, options.own ? 'yes' : undefined),
  }
}
