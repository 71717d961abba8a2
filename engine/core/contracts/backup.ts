/** What is told of backups and restores. */
import type { Instant, Sha256 } from '../model.ts'

/** What a backup did. */
export interface BackupReport {
  folder: string
  ledgerBytes: number
  /** In the backup now, and how many of them were not before. */
  artifacts: number
  copied: number
  /** No longer kept, as the settings' retention says. */
  expired: number
  /** Should have been there, but were missing or damaged. */
  lost: Sha256[]
}

/** What a restore brought back. */
export interface RestoreReport {
  folder: string
  /** When the backup was made. */
  createdAt: Instant
  artifacts: number
  /** Named by the ledger, but not in the backup. */
  missing: number
}
