/** Public keys of signers, as people paste them. */

const sshTypes = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]

export interface SshKey {
  type: string
  base64: string
  blob: Uint8Array
}

/** Exactly `<type> <base64>[ comment]`: options, certificates and further lines are no key. */
export function readSshKey(text: string): SshKey | undefined {
  const [, type = '', base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: [^\p{Cc}]*)?$/u.exec(text.trim()) ?? []
  if (!sshTypes.includes(type)) return undefined
  const blob = Buffer.from(base64, 'base64')
  const head = Buffer.alloc(4)
  head.writeUInt32BE(type.length)
  // The type stands in the key once more; they have to agree.
  if (!blob.subarray(0, 4 + type.length).equals(Buffer.concat([head, Buffer.from(type)]))) return undefined
  return { type, base64, blob }
}

/** Whether a text looks like one armored OpenPGP public key; only gpg can tell for certain. */
export function isArmoredKey(text: string): boolean {
  return /^-----BEGIN PGP PUBLIC KEY BLOCK-----\n[\s\S]+\n-----END PGP PUBLIC KEY BLOCK-----$/.test(
    text.trim(),
  )
}
