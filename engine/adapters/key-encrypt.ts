import type { EncryptRequest, SignRequest, UsedKey } from '../core/contracts/keys.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { drain, keyFailure, openInput, writeOutput } from './key-bytes.ts'
import { loadOpenPgp, strictConfig } from './key-library.ts'
import { expectFit, keyConnection, openPrivateKey, openPublicKey } from './key-open.ts'

interface KeyServices {
  secrets: Secrets
  clock: Clock
}

/** Keys.encrypt. The file's name stays out of the message: some programs would write to it. */
export async function encryptFile(
  { localPath, outPath, recipients, signWith, armor }: EncryptRequest,
  { secrets, clock }: KeyServices,
  signal: AbortSignal,
): Promise<UsedKey[]> {
  const pgp = await loadOpenPgp()
  const config = strictConfig(pgp)
  const now = clock.now()
  const used: UsedKey[] = []
  const encryptionKeys = []
  for (const recipient of recipients) {
    const connection = keyConnection(recipient, 'openpgp')
    used.push(await expectFit(connection, 'encrypt', now))
    encryptionKeys.push(await openPublicKey(connection, config))
  }
  const signingKeys = []
  if (signWith) {
    const connection = keyConnection(signWith, 'openpgp')
    used.push(await expectFit(connection, 'sign', now))
    signingKeys.push(await openPrivateKey(connection, secrets, now))
  }
  signal.throwIfAborted()
  const input = openInput(localPath)
  try {
    const message = await pgp.createMessage({ binary: input.stream, filename: '', date: now })
    const given = { message, encryptionKeys, signingKeys, date: now, config }
    const encrypted = armor
      ? await pgp.encrypt({ ...given, format: 'armored' })
      : await pgp.encrypt({ ...given, format: 'binary' })
    await writeOutput(encrypted, outPath, signal)
    return used
  } catch (error) {
    throw keyFailure(error, signal, (foreign) => foreign)
  } finally {
    input.close()
  }
}

/** Keys.sign. */
export async function signFile(
  { key, localPath, outPath, armor }: SignRequest,
  { secrets, clock }: KeyServices,
  signal: AbortSignal,
): Promise<UsedKey[]> {
  const pgp = await loadOpenPgp()
  const config = strictConfig(pgp)
  const now = clock.now()
  const connection = keyConnection(key, 'openpgp')
  const used = await expectFit(connection, 'sign', now)
  const signingKeys = await openPrivateKey(connection, secrets, now)
  signal.throwIfAborted()
  const input = openInput(localPath)
  try {
    const message = await pgp.createMessage({ binary: input.stream, filename: '', date: now })
    // Asked for a detached signature the library keeps all of the file: here it sees the bytes pass, and of the signed
    // message only the signature is kept.
    const signed = await pgp.sign({ message, signingKeys, date: now, config, format: 'object' })
    await drain(signed.getLiteralData(), signal)
    const packets = new pgp.PacketList<InstanceType<typeof pgp.SignaturePacket>>()
    packets.push(...signed.packets.filter((packet) => packet instanceof pgp.SignaturePacket))
    const signature = new pgp.Signature(packets)
    const bytes: unknown = armor ? signature.armor(config) : signature.write()
    await writeOutput(
      typeof bytes === 'string' || bytes instanceof Uint8Array ? [bytes] : bytes,
      outPath,
      signal,
    )
    return [used]
  } catch (error) {
    throw keyFailure(error, signal, (foreign) => foreign)
  } finally {
    input.close()
  }
}
