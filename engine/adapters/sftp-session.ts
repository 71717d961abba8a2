import type { SFTPWrapper } from 'ssh2'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { openSftpLink, type SftpLink } from './sftp-link.ts'
import { createSlots } from './slots.ts'
import { untilAborted } from './until-aborted.ts'

const MAX_OPERATIONS = 4
const OPERATION_TIMEOUT_MS = 60_000
/** How often within the timeout it is looked whether anything moved. */
const LOOKS = 4

/** The requests of one operation. */
export interface SftpWire {
  /** Sends one request and resolves with its answer; rejects with the server's status, a lost link, or the abort. */
  ask<T = void>(
    send: (sftp: SFTPWrapper, done: (error?: Error | null, answer?: T) => void) => void,
  ): Promise<T>
  /** Opens a file, closed with the operation if not before; also where the answer comes after its end. */
  open(path: string, flags: 'r' | 'wx'): Promise<Buffer>
  /** Opens a folder for listing, closed as a file is. */
  openFolder(path: string): Promise<Buffer>
  close(handle: Buffer): Promise<void>
  announces(extension: string): boolean
}

/** A connection shared by all operations on it. */
export interface SftpSession {
  /**
   * Runs an operation, at most four at a time, connecting first where there is no live link. Ends with the signal's
   * reason, with ENDPOINT_TIMEOUT after 60 s in which nothing was answered, or with ENDPOINT_UNREACHABLE.
   */
  use<T>(signal: AbortSignal, operation: (wire: SftpWire) => Promise<T>): Promise<T>
  /** Whether a link is up right now. */
  isOpen(): boolean
  /** Ends the link; operations under way fail, later ones are refused. */
  close(): Promise<void>
}

export function createSftpSession(
  connection: SftpConnection,
  services: { secrets: Secrets; clock: Clock },
): SftpSession {
  const takeSlot = createSlots(MAX_OPERATIONS)
  let opening: Promise<SftpLink> | undefined
  let open: SftpLink | undefined
  let closed = false

  async function currentLink(): Promise<SftpLink> {
    if (closed) {
      const reason = 'the session was closed'
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: connection.name, reason })
    }
    if (open && !open.lost) return open
    opening ??= openSftpLink(connection, services).finally(() => {
      opening = undefined
    })
    open = await opening
    return open
  }

  return {
    async use(signal, operation) {
      const freeSlot = await takeSlot(signal)
      try {
        const link = await untilAborted(currentLink(), signal)
        return await runOperation(link, connection.name, services.clock, signal, operation)
      } finally {
        freeSlot()
      }
    },
    isOpen: () => open !== undefined && !open.lost,
    async close() {
      closed = true
      // One that is being opened serves nobody any more: it ends itself once it is there.
      void opening?.then((link) => link.end()).catch(() => undefined)
      if (open && !open.lost) await open.end()
    },
  }
}

async function runOperation<T>(
  link: SftpLink,
  connection: string,
  clock: Clock,
  signal: AbortSignal,
  operation: (wire: SftpWire) => Promise<T>,
): Promise<T> {
  const handles = new Set<Buffer>()
  let isOver = false
  const waiting = new Set<(reason: unknown) => void>()
  const failAll = (reason: unknown) => {
    for (const reject of waiting) reject(reason)
  }
  const onAbort = () => failAll(signal.reason)
  signal.addEventListener('abort', onAbort)
  const forgetLost = link.onLost(failAll)
  const watch = watchProgress(clock, OPERATION_TIMEOUT_MS, () =>
    link.destroy(new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs: OPERATION_TIMEOUT_MS })),
  )
  const ask: SftpWire['ask'] = (send) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (link.lost) return reject(link.lost)
      waiting.add(reject)
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
      open: (path, flags) => openHandle((sftp, done) => sftp.open(path, flags, done)),
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

/** Calls `onStall` once when nothing moved for `timeoutMs`. Counts looks, so that a clock that is set does no harm. */
function watchProgress(clock: Clock, timeoutMs: number, onStall: () => void) {
  const stop = new AbortController()
  let idleLooks = 0
  const look = async () => {
    while (idleLooks < LOOKS) {
      await clock.sleep(timeoutMs / LOOKS, stop.signal)
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
    stop: () => stop.abort(),
  }
}
