/** What is kept of posted files: each decision is made once, and what is still to be done with a file is known after a crash. */
import type { Instant, RecordedError, RunState, Sha256 } from '../model.ts'
import type { NoticeFacts } from './alerts.ts'

/**
 * claiming: it may have been moved aside, and is nobody's yet · taken: it started a run · skipped, refused: its content
 * was there before · incomplete: it waited too long, and is taken once it is complete after all.
 */
export type DropOutcome = 'claiming' | 'taken' | 'skipped' | 'refused' | 'incomplete'

/** A posted file as it was decided on. */
export interface SeenFile {
  /** See fileKey. */
  key: string
  connection: string
  /** The drop folder, without a slash at its end. */
  folder: string
  /** Where it was posted. */
  path: string
  size: number
  mtimeMs: number
  sha256: Sha256 | null
  /** Where it lies since it was claimed; its path where it was not. */
  lies: string
  /** The file that vouched for it, with the place where that lies. */
  companion: { path: string; lies: string } | null
  outcome: DropOutcome
  /** Why, one sentence; empty where it was simply taken. */
  note: string
  /** It is to be moved to the archive or error folder once its runs have ended. */
  awaits: boolean
}

/** A posted file as the ledger has it. */
export interface SeenRecord extends SeenFile {
  at: Instant
  /** Where it is being moved to; null before that was decided. */
  target: string | null
  /** What became of it, a sentence; null while that is open. */
  settled: string | null
}

/** A file whose runs have all ended, and that has not been moved yet. */
export interface EndedFile extends SeenRecord {
  runs: { id: string; state: RunState; endedAt: Instant | null; error: RecordedError | null }[]
}

/** One job's posted files. Every method is one durable transaction. */
export interface DropRecords {
  /** Records a decision without a run; the same key again replaces it unless that started a run. */
  record(file: SeenFile): Promise<void>
  /**
   * The key for what lies there now, where a file of that key is known: another one when each of those was claimed and
   * so moved away, null when it is that very file. Clocks of servers are coarse, and names come again.
   */
  arrival(key: string): Promise<string | null>
  /** Forgets a claim that came to nothing. */
  unclaim(key: string): Promise<void>
  /** Claims in a folder that came to nothing or broke off, oldest first; at most 1,000. */
  claims(connection: string, folder: string): Promise<SeenRecord[]>
  /** The same in every folder that the job ever watched. */
  everyClaim(): Promise<SeenRecord[]>
  /** The newest file with that content that started a run which did not only fail, or was not cancelled. */
  sameContent(sha256: Sha256): Promise<{ path: string; at: Instant } | undefined>
  /** Files of a folder that wait to be moved and whose runs have ended, oldest first. */
  ended(connection: string, folder: string, limit: number): Promise<EndedFile[]>
  /** Records where a file is about to be moved. */
  intendMove(key: string, target: string): Promise<void>
  /** Records what became of a file; `isGone`: it lies in its folder no more. */
  settle(key: string, note: string, isGone: boolean): Promise<void>
  /** Keys of files that lay in the folder when they were last seen there, with their paths. */
  lying(connection: string, folder: string): Promise<{ key: string; path: string }[]>
  /** These lie in their folder no more: they may be forgotten once they are old. */
  markGone(keys: string[]): Promise<void>
  /** Tells the operators; what was told by that id is not told again. */
  tell(id: string, notice: NoticeFacts): Promise<void>
}
