import { open } from 'node:fs/promises'
import type { ReadableStream } from 'node:stream/web'
import { TextDecoderStream } from 'node:stream/web'
import type { Key, Message, PrivateKey } from 'openpgp'
import type { DecryptRequest, UsedKey } from '../core/contracts/keys.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import { type KeyInput, keyFailure, openInput, writeOutput } from './key-bytes.ts'
import { loadOpenPgp, type OpenPgp, strictConfig } from './key-library.ts'
import { describeKey, keyConnection, openPrivateKey, openPublicKey } from './key-open.ts'

/** How far another machine's clock may be ahead of ours: a signature from the future counts for nothing. */
const clockSkewMs = 5 * 60_000
/** What a message has besides its file's bytes. */
const overheadBytes = 64 * 1024

type Encrypted = Message<ReadableStream<Uint8Array>>

/** Keys.decrypt. */
export async function decryptFile(
  request: DecryptRequest,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
  signal: AbortSignal,
): Promise<UsedKey[]> {
  const { key, verifyWith, localPath, outPath, fileName, maxBytes } = request
  const pgp = await loadOpenPgp()
  const now = clock.now()
  // Streamed, the bytes are written before the last of them proves that all are whole. Nobody uses the file before.
  const config = {
    ...strictConfig(pgp),
    allowUnauthenticatedStream: true,
    maxDecompressedMessageSize: maxBytes + overheadBytes,
  }
  const own = keyConnection(key, 'openpgp')
  const privateKey = await openPrivateKey(own, secrets, now)
  const signers = (verifyWith ?? []).map((connection) => keyConnection(connection, 'openpgp'))
  const verificationKeys: Key[] = []
  for (const signer of signers) verificationKeys.push(await openPublicKey(signer, config))
  const failed = (reason: string, cause?: unknown) =>
    new JobsdError('DECRYPT_FAILED', { fileName, reason }, { cause })
  const isArmored = await looksArmored(localPath)
  signal.throwIfAborted()
  const input = openInput(localPath)
  try {
    const message = await readEncrypted(pgp, input, isArmored, config).catch((error: unknown) => {
      throw keyFailure(error, signal, () => failed('it is no OpenPGP message'))
    })
    refuseMessage(pgp, message, privateKey, failed)
    const result = await pgp.decrypt({
      message,
      decryptionKeys: privateKey,
      verificationKeys,
      format: 'binary',
      date: new Date(now.getTime() + clockSkewMs),
      config,
    })
    // Looked at below, once the bytes are there; until then their failure is nobody's.
    for (const { verified, signature } of result.signatures) {
      verified.catch(() => undefined)
      signature.catch(() => undefined)
    }
    let size = 0
    await writeOutput(result.data, outPath, signal, (bytes) => {
      size += bytes
      if (size > maxBytes) throw failed(tooLarge(maxBytes))
    })
    if (verifyWith) await expectSignature(result.signatures, verificationKeys, fileName)
    const end = await privateKey.getExpirationTime(undefined, config)
    return [describeKey(own, end instanceof Date ? end.toISOString() : null)]
  } catch (error) {
    throw keyFailure(error, signal, (foreign) => {
      if (foreign instanceof JobsdError) return foreign
      if (/Maximum decompressed/.test(messageOf(foreign))) return failed(tooLarge(maxBytes))
      // The library's own words may hold what was in the file.
      return failed('it is damaged, or was changed on its way')
    })
  } finally {
    input.close()
  }
}

function readEncrypted(
  { readMessage }: OpenPgp,
  { stream }: KeyInput,
  isArmored: boolean,
  config: ReturnType<typeof strictConfig>,
): Promise<Encrypted> {
  if (!isArmored) return readMessage({ binaryMessage: stream, config }) as Promise<Encrypted>
  const armoredMessage = stream.pipeThrough(new TextDecoderStream('latin1') as never)
  return readMessage({
    armoredMessage: armoredMessage as ReadableStream<string>,
    config,
  }) as Promise<Encrypted>
}

/** What is plain before anything is decrypted. */
function refuseMessage(
  { enums }: OpenPgp,
  message: Encrypted,
  privateKey: PrivateKey,
  failed: (reason: string) => JobsdError,
): void {
  const tags = message.packets.map((packet) => (packet.constructor as unknown as { tag: number }).tag)
  const { packet } = enums
  if (tags.includes(packet.symmetricallyEncryptedData))
    throw failed('nothing in it proves that it was not changed on its way')
  if (!tags.includes(packet.symEncryptedIntegrityProtectedData) && !tags.includes(packet.aeadEncryptedData))
    throw failed('it is not encrypted')
  const wanted = message.getEncryptionKeyIDs()
  const own = privateKey.getKeyIDs()
  if (!wanted.some((id) => /^0+$/.test(id.toHex()) || own.some((each) => each.equals(id))))
    throw failed('it is encrypted for other keys')
}

type Signatures = Awaited<ReturnType<Encrypted['verify']>>

async function expectSignature(signatures: Signatures, keys: Key[], fileName: string): Promise<void> {
  const refused = (reason: string) => new JobsdError('SIGNATURE_REFUSED', { fileName, reason })
  if (signatures.length === 0) throw refused('it is not signed')
  const verdicts = await Promise.allSettled(signatures.map(({ verified }) => verified))
  if (verdicts.some(({ status }) => status === 'fulfilled')) return
  const isTheirs = signatures.some(({ keyID }) => keys.some((key) => key.getKeys(keyID).length > 0))
  throw refused(
    isTheirs
      ? 'its signature is wrong, or by a key that was not in force'
      : 'none of the keys that it may be signed by signed it',
  )
}

/** Binary messages begin with a packet's tag, whose highest bit is set. */
async function looksArmored(localPath: string): Promise<boolean> {
  const file = await open(localPath)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, 0)
    return bytesRead === 1 && buffer[0]! < 0x80
  } finally {
    await file.close()
  }
}

function tooLarge(maxBytes: number): string {
  return `more than ${maxBytes} bytes come out of it, and no more are allowed`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
