import type { OpenMode, SFTPWrapper } from 'ssh2'
import type { Clock } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpLink } from './sftp-link.ts'

const STALL_MS = 60_000
/** How often within that time it is looked whether anything moved. */
const LOOKS = 4
/** What an operation may take in all, besides what it was allowed for a body. */
const LIMIT_MS = 600_000
/** A body may come as slowly as this, and no slower. */
const LEAST_BYTES_PER_MS = 8

/** Made once: an abort without a reason makes an error each time. */
const over = new Error('the operation is over')

/** The requests of one operation. */
export interface SftpWire {
  /** Sends one request and resolves with its answer; rejects with the server's status, a lost link, or the abort. */
  ask<T = void>(
    send: (sftp: SFTPWrapper, done: (error?: Error | null, answer?: T) => void) => void,
  ): Promise<T>
  /** Opens a file, closed with the operation if not before; also where the answer comes after its end. */
  open(path: string, use: OpenFor): Promise<Buffer>
  /** Opens a folder for listing, closed as a file is. */
  openFolder(path: string): Promise<Buffer>
  close(handle: Buffer): Promise<void>
  announces(extension: string): boolean
  /** Gives the operation the time for a body of that many bytes, at 8 KB/s. */
  allowBytes(bytes: number): void
  /** What one request for a file's bytes may carry. */
  readonly chunkBytes: number
}

/** `write-new` makes a file that is not there yet, for writing and reading; `read-write` opens one that is. */
export type OpenFor = 'read' | 'read-write' | 'write-new'

// The library knows `wx+`; its types do not.
const flagsFor = { read: 'r', 'read-write': 'r+', 'write-new': 'wx+' as OpenMode } as const

/**
 * Runs an operation on a link. Ends with the signal's reason, with why the link was lost, or with ENDPOINT_TIMEOUT:
 * after 60 s in which nothing was answered the link is cut; after 10 minutes, and the time allowed for a body, only
 * the operation ends.
 */
export async function runOperation<T>(
  link: SftpLink,
  connection: string,
  clock: Clock,
  signal: AbortSignal,
  operation: (wire: SftpWire) => Promise<T>,
): Promise<T> {
  const handles = new Set<Buffer>()
  let isOver = false
  const waiting = new Set<(reason: unknown) => void>()
  let ended: { reason: unknown } | undefined
  const failAll = (reason: unknown) => {
    ended ??= { reason }
    for (const reject of waiting) reject(reason)
  }
  const onAbort = () => failAll(signal.reason)
  signal.addEventListener('abort', onAbort)
  const forgetLost = link.onLost(failAll)
  const late = (timeoutMs: number) => new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs })
  const watch = watchProgress(clock, {
    onStall: () => link.destroy(late(STALL_MS)),
    onLimit: (limitMs) => failAll(late(limitMs)),
  })
  const ask: SftpWire['ask'] = (send) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (link.lost) return reject(link.lost)
      if (ended) return reject(ended.reason)
      waiting.add(reject)
      link.gather()
      send(link.sftp, (error, answer) => {
        waiting.delete(reject)
        watch.moved()
        if (error) reject(error)
        else resolve(answer as never)
      })
    })
  // Not awaited: the operation is over, and its server's handles must not leak.
  const closeLater = (handle: Buffer) => {
    if (!link.lost) link.sftp.close(handle, () => {})
  }
  const openHandle = (
    send: (sftp: SFTPWrapper, done: (error: Error | undefined, handle: Buffer) => void) => void,
  ) =>
    ask<Buffer>((sftp, done) =>
      send(sftp, (error, handle) => {
        if (!error && isOver) closeLater(handle)
        else if (!error) handles.add(handle)
        done(error, handle)
      }),
    )
  try {
    return await operation({
      ask,
      announces: link.announces,
      chunkBytes: link.chunkBytes,
      allowBytes: watch.allowBytes,
      open: (path, use) => openHandle((sftp, done) => sftp.open(path, flagsFor[use], done)),
      openFolder: (path) => openHandle((sftp, done) => sftp.opendir(path, done)),
      close: (handle) =>
        ask((sftp, done) => {
          // Only once it is sent: what an abort keeps from being sent is closed at the end.
          handles.delete(handle)
          sftp.close(handle, done)
        }),
    })
  } finally {
    isOver = true
    watch.stop()
    forgetLost()
    signal.removeEventListener('abort', onAbort)
    for (const handle of handles) closeLater(handle)
  }
}

/** Calls back once, for a stall or the limit. Counts looks, so that a clock that is set does no harm. */
function watchProgress(
  clock: Clock,
  { onStall, onLimit }: { onStall(): void; onLimit(limitMs: number): void },
) {
  const stop = new AbortController()
  const lookMs = STALL_MS / LOOKS
  let limitMs = LIMIT_MS
  let idleLooks = 0
  const look = async () => {
    for (let looks = 0; idleLooks < LOOKS; looks++) {
      if (looks * lookMs >= limitMs) return onLimit(limitMs)
      await clock.sleep(lookMs, stop.signal)
      idleLooks += 1
    }
    onStall()
  }
  look().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return {
    moved: () => {
      idleLooks = 0
    },
    allowBytes: (bytes: number) => {
      limitMs += Math.ceil(bytes / LEAST_BYTES_PER_MS)
    },
    stop: () => stop.abort(over),
  }
}
