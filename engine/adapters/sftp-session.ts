import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { openSftpLink, type SftpLink } from './sftp-link.ts'
import { runOperation, type SftpWire } from './sftp-operation.ts'
import { createSlots } from './slots.ts'
import { untilAborted } from './until-aborted.ts'

const DEFAULT_OPERATIONS = 16

/** The connections to one server, shared by all operations on it. */
export interface SftpSession {
  /**
   * Runs an operation, connecting first where there is no live link: at most `maxOperations` (16) at a time on each of
   * at most `maxConnections` (1) links; another is opened when all have their fill. Throws what connecting throws,
   * and see runOperation.
   */
  use<T>(signal: AbortSignal, operation: (wire: SftpWire) => Promise<T>): Promise<T>
  /** Whether a link is up right now. */
  isOpen(): boolean
  /** The algorithms of a link that is up; empty where none is. */
  algorithms(): string[]
  /** Ends the links; operations under way fail, later ones are refused. */
  close(): Promise<void>
}

/** A place for a link; `used` counts the operations that are on it, or wait for it to open. */
interface Seat {
  used: number
  link: SftpLink | undefined
  opening: Promise<SftpLink> | undefined
}

export function createSftpSession(
  connection: SftpConnection,
  services: { secrets: Secrets; clock: Clock },
): SftpSession {
  const { maxConnections = 1, maxOperations = DEFAULT_OPERATIONS, name } = connection
  const takeSlot = createSlots(maxConnections * maxOperations)
  const seats = Array.from(
    { length: maxConnections },
    (): Seat => ({
      used: 0,
      link: undefined,
      opening: undefined,
    }),
  )
  let closed = false

  async function linkOf(seat: Seat): Promise<SftpLink> {
    if (closed)
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: name, reason: 'the session was closed' })
    if (seat.link && !seat.link.lost) return seat.link
    seat.opening ??= openSftpLink(connection, services).finally(() => {
      seat.opening = undefined
    })
    seat.link = await seat.opening
    return seat.link
  }

  return {
    async use(signal, operation) {
      const freeSlot = await takeSlot(signal)
      // There is one with room, as there are no more slots than room in all.
      const seat = seats.find(({ used }) => used < maxOperations)!
      seat.used += 1
      try {
        // A live one is not waited for: with many files, listening for the abort is a good part of the work.
        const live = closed || seat.link?.lost ? undefined : seat.link
        const link = live ?? (await untilAborted(linkOf(seat), signal))
        return await runOperation(link, name, services.clock, signal, operation)
      } finally {
        seat.used -= 1
        freeSlot()
      }
    },
    isOpen: () => seats.some(({ link }) => link !== undefined && !link.lost),
    algorithms: () => seats.find(({ link }) => link && !link.lost)?.link?.algorithms ?? [],
    async close() {
      closed = true
      await Promise.all(
        seats.map(async ({ link, opening }) => {
          // One that is being opened serves nobody any more: it ends itself once it is there.
          void opening?.then((late) => late.end()).catch(() => undefined)
          if (link && !link.lost) await link.end()
        }),
      )
    },
  }
}
