/** Where manifests come from: a plain folder, or a Git remote. */
import type { Instant } from '../model.ts'

export interface SourceFile {
  /** Bytes in the source; `content` is empty where it is over the reader's cap, or of a kind that nobody reads. */
  size: number
  /** A link, a device or a submodule is `other`: it is reported, never read. */
  kind: 'file' | 'other'
  content: Uint8Array
}

/** One consistent state of a source. */
export interface SourceTree {
  /** A Git commit, or `sha256:<digest of the folder>`. */
  revision: string
  /** By path relative to the root, `/`-separated: jobs.d/** and templates/**. */
  files: ReadonlyMap<string, SourceFile>
}

/** A key whose signatures count. */
export interface Signer {
  /** For people: shown in `status` and with the provenance of a delivery. */
  name: string
  /** For ssh a public key, `ssh-ed25519 AAAA...`; for gpg an armored public key. */
  key: string
}

/** What a commit must be, so that it may run. Always taken from the settings in force, never from the commit itself. */
export interface TrustRules {
  verify: 'none' | 'ssh' | 'gpg'
  /** Who may sign the commit that runs. */
  signers: Signer[]
  /** Who may sign changes of jobs.d/platform; empty: any signer. */
  platformSigners: Signer[]
  /** Refuse a branch that was rewritten. */
  requireFastForward: boolean
}

/** Who made a commit, and who vouches for it. Plain JSON: it is kept with what ran because of it. */
export interface CommitFacts {
  commit: string
  /** `Name <address>` as the commit says, control characters removed; nobody vouches for it unless it is signed. */
  author: string
  authoredAt: Instant
  /** unchecked: the settings asked for no signature. */
  signature: { state: 'unchecked' } | { state: 'good'; signer: string; key: string }
}

export interface ConfigSource {
  /** What is read, for people: a path or a URL without credentials. */
  readonly description: string
  /** How often to read it where nothing hinted. */
  readonly rescanMs: number
  /** A file is gone once it was missing for that long: in a plain folder it may only be being replaced; in Git it is 0. */
  readonly settleMs: number
  /**
   * Reads the whole state now. A Git source fetches first and throws SOURCE_UNREACHABLE, SOURCE_REFUSED, BRANCH_MISSING,
   * PATH_MISSING, SOURCE_TOO_LARGE.
   */
  read(signal: AbortSignal): Promise<SourceTree>
  /** Calls back when something may have changed; a hint only, the truth is `read`. Returns how to stop. */
  watch(onHint: () => void): Promise<() => Promise<void>>
  /**
   * Only of a Git source: tells who made the commit that was read last and checks it against the rules, and against
   * `accepted`, the commit that ran before it (null: none did). Throws COMMIT_UNTRUSTED, PLATFORM_UNTRUSTED,
   * NOT_FAST_FORWARD, and GIT_MISSING or SOURCE_UNREACHABLE where it cannot be checked. `rewritten` tells that `accepted`
   * is no ancestor of it.
   */
  vouch?(
    commit: string,
    accepted: string | null,
    rules: TrustRules,
    signal: AbortSignal,
  ): Promise<{ facts: CommitFacts; rewritten: boolean }>
}
