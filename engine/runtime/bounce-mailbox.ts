/** One mailbox of returned mails: each file in it is read, recorded and then moved aside, and never deleted. */
import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { BounceWatch, GivenBounces, ReadReturnedMail, ReturnedMail } from '../core/contracts/bounces.ts'
import type { Endpoints, FileEntry, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { Artifacts, Log } from '../core/contracts/services.ts'
import { isHalf } from '../core/drop-names.ts'
import { JobsdError } from '../core/errors.ts'
import { alternativeNames } from '../core/free-name.ts'

/** What is larger is not fetched. */
const maxFileBytes = 64 * 1024 * 1024
/** The report is at a mail's begin. */
const maxReadBytes = 1024 * 1024
/** Taken by one look; the next one follows at once. */
const maxFiles = 200
const asideFolders = { report: 'done', other: 'other', unreadable: 'failed' } as const

export interface MailboxParts {
  endpoints: Endpoints
  artifacts: Artifacts
  log: Log
  readReturnedMail: ReadReturnedMail
  /** Resolves once it is safe in the ledger. */
  take(given: GivenBounces): Promise<unknown>
}

export type WatchedMailbox = Required<BounceWatch> & { mailbox: NonNullable<BounceWatch['mailbox']> }

export interface Mailbox {
  /**
   * Takes what two looks found the same; true where there is more to take at once. Throws where the folder cannot be
   * listed, and where nothing could be taken of what had not failed beside others before.
   */
  look(signal: AbortSignal): Promise<boolean>
}

export function openMailbox({ connection, mailbox }: WatchedMailbox, parts: MailboxParts): Mailbox {
  const { log } = parts
  const folder = connection.bounces?.mailbox?.folder.replace(/\/+$/, '') ?? ''
  /** As each file was seen by the last look. */
  let seen = new Map<string, string>()
  /** Recorded, but not moved yet, by path: where to. */
  const recorded = new Map<string, { state: string; aside: string }>()
  const failing = new Set<string>()
  /** Those of them that failed while others could be taken: it is their own fault, not the mailbox's. */
  const odd = new Set<string>()

  /** undefined: it is gone, or somebody writes it yet. */
  async function read(files: RemoteFiles, entry: FileEntry, signal: AbortSignal) {
    if (entry.size > maxFileBytes) {
      const digest = createHash('sha256')
        .update(`${entry.path} ${stateOf(entry)}`)
        .digest('hex')
      const mail: ReturnedMail = { kind: 'unreadable', why: 'it is larger than 64 MiB' }
      return { digest, mail }
    }
    const local = await parts.artifacts.scratch()
    try {
      const { size, sha256 } = await files.fetch(entry.path, local, signal)
      if (size !== entry.size) return undefined
      return { digest: sha256, mail: await parts.readReturnedMail(await readStart(local)) }
    } catch (error) {
      if (error instanceof JobsdError && error.code === 'FILE_MISSING') return undefined
      throw error
    } finally {
      await rm(local, { force: true })
    }
  }

  /** false where it is to be left for another look. */
  async function take(files: RemoteFiles, entry: FileEntry, signal: AbortSignal): Promise<boolean> {
    const state = stateOf(entry)
    const before = recorded.get(entry.path)
    if (before?.state !== state) {
      const found = await read(files, entry, signal)
      if (!found) return false
      await parts.take({ connection: connection.name, source: 'mailbox', ...found })
      recorded.set(entry.path, { state, aside: asideFolders[found.mail.kind] })
    }
    // Where the engine ends here, the next one reads it again: the ledger knows it by then.
    await moveAside(files, entry, recorded.get(entry.path)?.aside ?? '', signal)
    recorded.delete(entry.path)
    return true
  }

  async function moveAside(
    files: RemoteFiles,
    { path, name }: FileEntry,
    aside: string,
    signal: AbortSignal,
  ): Promise<void> {
    for (const free of alternativeNames(name)) {
      try {
        return await files.move(path, `${folder}/${aside}/${free}`, 'fail', signal)
      } catch (error) {
        if (!(error instanceof JobsdError)) throw error
        if (error.code === 'FILE_MISSING') return undefined
        if (error.code !== 'FILE_EXISTS') throw error
      }
    }
    throw new JobsdError('FILE_EXISTS', { path })
  }

  return {
    async look(signal) {
      const files = parts.endpoints.files(mailbox)
      const entries = (await files.list(folder === '' ? '/' : folder, signal)).filter(isMail)
      const same = entries.filter((entry) => seen.get(entry.path) === stateOf(entry))
      seen = new Map(entries.map((entry) => [entry.path, stateOf(entry)]))
      for (const path of recorded.keys()) if (!seen.has(path)) recorded.delete(path)
      for (const paths of [failing, odd]) for (const path of paths) if (!seen.has(path)) paths.delete(path)
      let taken = 0
      let trouble: JobsdError | undefined
      // Those that could not be taken come last: as many of them as are taken by one look would keep it from all others.
      const isFailing = ({ path }: FileEntry) => failing.has(path)
      const inTurn = [...same.filter((entry) => !isFailing(entry)), ...same.filter(isFailing)]
      for (const entry of inTurn.slice(0, maxFiles)) {
        signal.throwIfAborted()
        try {
          if (await take(files, entry, signal)) taken += 1
          failing.delete(entry.path)
          odd.delete(entry.path)
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof JobsdError)) throw error
          // One that cannot be taken holds up no other; it is tried again by each look.
          const about = { connection: connection.name, path: entry.path, code: error.code }
          if (!failing.has(entry.path))
            log.error({ ...about, reason: error.message }, 'a returned mail cannot be taken')
          failing.add(entry.path)
          if (!odd.has(entry.path)) trouble = error
        }
      }
      if (taken === 0 && trouble) throw trouble
      if (taken > 0) for (const path of failing) odd.add(path)
      return taken > 0 && same.length > maxFiles
    },
  }
}

function isMail(entry: FileEntry): boolean {
  return entry.kind === 'file' && !entry.name.startsWith('.') && !isHalf(entry)
}

function stateOf({ size, mtimeMs }: FileEntry): string {
  return `${size} ${mtimeMs}`
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(size, maxReadBytes))
    let length = 0
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}
