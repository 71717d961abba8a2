/** What runs need besides endpoints and the ledger: time, secrets, stored files, logs. */

import type { Artifact, Sha256 } from '../model.ts'
import type { Secret } from '../secret.ts'

/** Time, injected everywhere so that tests decide it. */
export interface Clock {
  now(): Date
  /** Resolves after that long, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Secrets by name. */
export interface Secrets {
  /** Throws SECRET_MISSING, SECRET_EXPOSED. */
  resolve(name: string): Promise<Secret>
}

/** Produced files by content. A returned artifact is safe on disk. */
export interface Artifacts {
  /** A new private path to write a file to; `adopt` takes it over, an unadopted one goes at the next start. */
  scratch(): Promise<string>
  /** Stores a scratch file under its sha256, fsynced, and removes the scratch. */
  adopt(scratchPath: string): Promise<Artifact>
  /** The local path of an artifact, its size verified. Throws ARTIFACT_DAMAGED. */
  open(sha256: Sha256, size: number): Promise<string>
  /** Reads all of an artifact. Throws ARTIFACT_DAMAGED unless every byte is what it was, STORAGE_FAILED for what passes. */
  verify(sha256: Sha256, size: number): Promise<void>
}

/** Artifacts with what their upkeep needs. */
export interface ArtifactStore extends Artifacts {
  /** Writes 1 MiB as `adopt` would, and removes it. Throws STORAGE_FAILED while it cannot. */
  probe(): Promise<void>
  /** Those that were last stored before that moment, some at a time. */
  storedBefore(moment: Date): AsyncIterable<Sha256[]>
  /** Removes one, unless it was stored again since that moment or is just being so. Tells the bytes that became free. */
  remove(sha256: Sha256, storedBefore: Date): Promise<number>
}

/** Structured logs on stderr. Fields never hold a library's object. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}
