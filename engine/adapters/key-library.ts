/** The OpenPGP library, loaded when a key is first used, and what is asked of it beyond its defaults. */
import type { Config } from 'openpgp'

export type OpenPgp = typeof import('openpgp')

export async function loadOpenPgp(): Promise<OpenPgp> {
  return await import('openpgp')
}

/**
 * What is held to everywhere: RSA from 2048 bits, no DSA and Elgamal, and SHA-1 for nothing, neither for files nor for
 * what a key says of itself. `sha1` lets the latter pass, to tell why a key was refused.
 */
export function strictConfig({ config, enums }: OpenPgp, also: { sha1?: boolean } = {}): Config {
  const { md5, ripemd, sha1 } = enums.hash
  return {
    ...config,
    minRSABits: 2047,
    rejectHashAlgorithms: new Set(also.sha1 ? [md5, ripemd] : [md5, ripemd, sha1]),
    rejectMessageHashAlgorithms: new Set([md5, ripemd, sha1]),
    preferredSymmetricAlgorithm: enums.symmetric.aes256,
    // Reports are compressed by steps of their own; what is compressed before it is encrypted tells by its length.
    preferredCompressionAlgorithm: enums.compression.uncompressed,
    allowUnauthenticatedMessages: false,
    showVersion: false,
    showComment: false,
  }
}
