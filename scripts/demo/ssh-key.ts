import ssh2 from 'ssh2'

/** A new ed25519 key pair. ssh2 writes about one in 230 private keys so that it cannot read them itself: those are thrown away. */
export function generateSshKey(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}
