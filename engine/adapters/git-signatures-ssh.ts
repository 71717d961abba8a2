/** Signatures by SSH keys: an allowed-signers file of ours, checked by ssh-keygen. */
import { hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { readSshKey } from '../core/public-key.ts'
import type { Finding, SignatureFormat } from './git-signatures.ts'

export const sshFormat: SignatureFormat = {
  program: 'ssh-keygen',
  armor: '-----BEGIN SSH SIGNATURE-----',
  async prepare({ folder, program, keys }) {
    const read = keys.map(readPublicKey)
    const lines = new Map<string, string>()
    for (const key of read) {
      // Names stay out of the file: a principal could hold patterns, blanks or a line end.
      if (key) lines.set(key.fingerprint, `signer-${lines.size} namespaces="git" ${key.type} ${key.base64}\n`)
    }
    const allowed = join(folder, 'allowed-signers')
    await writeFile(allowed, [...lines.values()].join(''), { mode: 0o600 })
    return {
      fingerprints: read.map((key) => (key ? [key.fingerprint] : [])),
      config: [
        'gpg.format=ssh',
        `gpg.ssh.program=${program}`,
        `gpg.ssh.allowedSignersFile=${allowed}`,
        `gpg.program=${devNull}`,
        `gpg.openpgp.program=${devNull}`,
      ],
      judge,
    }
  },
}

function readPublicKey(text: string): { type: string; base64: string; fingerprint: string } | undefined {
  const key = readSshKey(text)
  if (!key) return undefined
  const digest = hash('sha256', key.blob, 'base64').replace(/=+$/, '')
  return { type: key.type, base64: key.base64, fingerprint: `SHA256:${digest}` }
}

function judge(printed: string): Finding {
  const good = [
    ...printed.matchAll(/^Good "git" signature for signer-\d+ with \S+ key (SHA256:[A-Za-z0-9+/]{43})$/gm),
  ]
  if (good.length === 1) return { isGood: true, key: good[0]![1]! }
  const stranger = /^Good "git" signature with \S+ key (SHA256:[A-Za-z0-9+/]{43})$/m.exec(printed)
  if (stranger) return { isGood: false, why: `the settings do not name its key ${stranger[1]}` }
  return { isGood: false, why: 'its signature does not fit its content' }
}
