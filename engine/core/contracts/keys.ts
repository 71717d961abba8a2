/** What the engine does with Connections of type key. Files are local; private keys stay behind this. */
import type { Connection } from '../manifest.ts'
import type { Instant } from '../model.ts'
import type { Secret } from '../secret.ts'

/** A key that took part. */
export interface UsedKey {
  connection: string
  /** Lower-case hex. */
  fingerprint: string
  /** When the key can no longer be used for this; null for never. */
  expiresAt: Instant | null
}

interface FileRequest {
  localPath: string
  /** A new file; what it holds is nothing to use unless the promise was kept. */
  outPath: string
  /** What people call the file, for errors. */
  fileName: string
}

export interface EncryptRequest extends FileRequest {
  recipients: Connection[]
  signWith: Connection | null
  armor: boolean
}

export interface DecryptRequest extends FileRequest {
  key: Connection
  /** The file must be signed by one of them; null where nobody asks. */
  verifyWith: Connection[] | null
  /** The most bytes that may come out. */
  maxBytes: number
}

export interface SignRequest extends FileRequest {
  key: Connection
  armor: boolean
}

/** Every call works in bounded memory, and throws KEY_REFUSED for a key that is expired, revoked, weak or not what its connection says. */
export interface Keys {
  /** Encrypts a file by AES-256 so that each recipient alone can open it. The same file gives other bytes each time. */
  encrypt(request: EncryptRequest, signal: AbortSignal): Promise<UsedKey[]>
  /**
   * Decrypts a file; resolves only once its integrity is proved, and its signature where one is asked for.
   * Throws DECRYPT_FAILED, SIGNATURE_REFUSED. A key that has expired still opens what it was used for.
   */
  decrypt(request: DecryptRequest, signal: AbortSignal): Promise<UsedKey[]>
  /** Writes a signature of a file, without the file's bytes. */
  sign(request: SignRequest, signal: AbortSignal): Promise<UsedKey[]>
  /** The passphrase of a connection of purpose `passphrase`. Throws SECRET_MISSING, SECRET_EXPOSED. */
  passphrase(connection: Connection): Promise<Secret>
}
