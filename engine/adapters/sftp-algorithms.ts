/** What an SFTP connection may agree on with its server. */
import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2'

/** Algorithms in the order of preference. Written out: what the library prefers may change with its version. */
const current = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
}

/** What `legacyAlgorithms` adds, after all others: broken or weak, and all that some old servers know. */
export const legacyAlgorithms: typeof current = {
  kex: ['diffie-hellman-group-exchange-sha1', 'diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
  serverHostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  hmac: ['hmac-sha1-etm@openssh.com', 'hmac-sha1'],
}

/** The algorithms that a connection offers its server. */
export function algorithmsFor(legacy: boolean): Algorithms {
  const list = (kind: keyof typeof current) =>
    legacy ? [...current[kind], ...legacyAlgorithms[kind]] : current[kind]
  return {
    kex: list('kex') as NonNullable<Algorithms['kex']>,
    serverHostKey: list('serverHostKey') as ServerHostKeyAlgorithm[],
    cipher: list('cipher') as NonNullable<Algorithms['cipher']>,
    hmac: list('hmac') as NonNullable<Algorithms['hmac']>,
    compress: ['none'],
  }
}

/** Whether it is one of those that only `legacyAlgorithms` allows. */
export function isLegacyAlgorithm(name: string): boolean {
  return Object.values(legacyAlgorithms).some((names) => names.includes(name))
}
