/** Signatures by OpenPGP keys: a throw-away key ring that holds nothing but the signers' keys, checked by gpg. */
import { writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import type { Finding, SignatureFormat } from './git-signatures.ts'
import { collectChild, spawnChecker } from './git-signatures-run.ts'

/** No agent, no network; a key of the ring needs nobody's trust, as only the signers' keys are in it. */
const gpgOptions = 'no-autostart\ndisable-dirmngr\nno-auto-key-retrieve\ntrust-model always\n'

/** Each makes a signature worthless, whatever else gpg says of it. */
const faults: [RegExp, (found: string) => string][] = [
  [/^REVKEYSIG /m, () => 'its key was revoked'],
  [/^EXPKEYSIG /m, () => 'its key has expired'],
  [/^EXPSIG /m, () => 'its signature has expired'],
  [/^BADSIG /m, () => 'its signature does not fit its content'],
  [/^NO_PUBKEY ([0-9A-F]{16,40})$/m, (key) => `the settings do not name its key ${key}`],
  [/^ERRSIG /m, () => 'gpg cannot check its signature'],
]

export const gpgFormat: SignatureFormat = {
  program: 'gpg',
  armor: '-----BEGIN PGP SIGNATURE-----',
  async prepare({ folder, program, keys, signal }) {
    await writeFile(join(folder, 'gpg.conf'), gpgOptions, { mode: 0o600 })
    const fingerprints: string[][] = []
    for (const key of keys) fingerprints.push(await importKey({ folder, program, key, signal }))
    return {
      fingerprints,
      config: [
        'gpg.format=openpgp',
        `gpg.program=${program}`,
        `gpg.openpgp.program=${program}`,
        `gpg.ssh.program=${devNull}`,
      ],
      judge,
    }
  },
}

/** Imports an armored public key and returns the fingerprints of its primary keys; none where it is not one. */
async function importKey(options: {
  folder: string
  program: string
  key: string
  signal: AbortSignal
}): Promise<string[]> {
  const { folder, program, key, signal } = options
  if (!key.trimStart().startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')) return []
  const args = ['--batch', '--no-tty', '--status-fd', '1', '--import']
  const child = spawnChecker(program, args, { cwd: folder, folder }, signal)
  const { output } = await collectChild(child, key, signal)
  const imported = output.toString('latin1').matchAll(/^\[GNUPG:\] IMPORT_OK \d+ ([0-9A-F]{40,64})$/gm)
  return [...new Set([...imported].map((match) => match[1]!))]
}

function judge(printed: string): Finding {
  const status = printed
    .split('\n')
    .filter((line) => line.startsWith('[GNUPG:] '))
    .map((line) => line.slice('[GNUPG:] '.length))
    .join('\n')
  for (const [pattern, say] of faults) {
    const found = pattern.exec(status)
    if (found) return { isGood: false, why: say(found[1] ?? '') }
  }
  const good = [...status.matchAll(/^GOODSIG /gm)]
  // The last field is the primary key, whichever of its subkeys signed.
  const valid = [...status.matchAll(/^VALIDSIG [0-9A-F]{40,64} (?:\S+ ){8}([0-9A-F]{40,64})$/gm)]
  if (good.length !== 1 || valid.length !== 1) {
    return { isGood: false, why: 'gpg does not call its signature good' }
  }
  return { isGood: true, key: valid[0]![1]! }
}
