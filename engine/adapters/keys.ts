/** Keys by OpenPGP.js: the library is loaded when one is first used. */
import type { Keys } from '../core/contracts/keys.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { decryptFile } from './key-decrypt.ts'
import { encryptFile, signFile } from './key-encrypt.ts'
import { keyConnection } from './key-open.ts'

export function createKeys(services: { secrets: Secrets; clock: Clock }): Keys {
  return {
    encrypt: (request, signal) => encryptFile(request, services, signal),
    decrypt: (request, signal) => decryptFile(request, services, signal),
    sign: (request, signal) => signFile(request, services, signal),
    passphrase: (connection) =>
      services.secrets.resolve(keyConnection(connection, 'passphrase').passphrase.secret),
  }
}
