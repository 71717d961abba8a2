/** The sessions with one mail server: as many as the connection allows, each kept a while for the next mail. */
import type { SmtpConnection } from '../core/manifest.ts'
import type { Secret } from '../core/secret.ts'
import type { Turn } from './pace.ts'
import { createSlots } from './slots.ts'
import {
  disconnected,
  openSession,
  type SmtpSession,
  type SmtpTimeouts,
  sessionOptions,
} from './smtp-session.ts'

const DEFAULT_CONNECTIONS = 5
/** Some servers end a session that asks for more, and a relay behind several addresses would never spread. */
const MAILS_A_SESSION = 100

export interface SmtpPool {
  /**
   * Gives `send` a session that is logged in and reset: first come, first served. One that failed is not given again.
   * Where a kept one failed and `mayRepeat` says so, `send` is asked once more, with a session of its own making.
   */
  use<T>(
    signal: AbortSignal,
    send: (session: SmtpSession) => Promise<T>,
    mayRepeat: () => boolean,
  ): Promise<T>
  /** Ends every session and what is under way; later uses are refused. */
  close(): void
}

interface Seat {
  session: SmtpSession
  /** What it logged in with. */
  password: string | undefined
  mails: number
  /** Since when it rests, as performance.now() counts. */
  restsSince: number
  /** Ends it once it has rested for too long. */
  timer?: NodeJS.Timeout
}

export interface SmtpPoolOptions {
  hostname: string | undefined
  timeouts: SmtpTimeouts
  /** Asked for every mail, so that a new password is used at once. */
  password: () => Promise<Secret | undefined>
  /** Awaited before a session is taken: one that waited along would be silent for too long, for the server and for us. */
  turn: Turn | undefined
}

export function createSmtpPool(connection: SmtpConnection, options: SmtpPoolOptions): SmtpPool {
  const { timeouts } = options
  const takeSlot = createSlots(connection.maxConnections ?? DEFAULT_CONNECTIONS)
  const resting: Seat[] = []
  const open = new Set<SmtpSession>()
  let closed = false

  function end({ session, timer }: Seat): Promise<void> {
    clearTimeout(timer)
    if (!session.isLost()) session.wire.quit()
    return drop(session)
  }

  function drop(session: SmtpSession): Promise<void> {
    open.delete(session)
    return session.close()
  }

  function endResting(which: (seat: Seat) => boolean): void {
    for (const seat of resting.filter(which)) {
      resting.splice(resting.indexOf(seat), 1)
      void end(seat)
    }
  }

  async function openSeat(password: string | undefined, signal: AbortSignal): Promise<Seat> {
    signal.throwIfAborted()
    if (closed) throw disconnected('the mailer was closed')
    const session = openSession(sessionOptions(connection, options.hostname, timeouts), signal)
    open.add(session)
    try {
      session.limit(timeouts.setupMs)
      await session.step((done) => session.wire.connect(done))
      if (connection.username !== undefined) {
        const login = { user: connection.username, pass: password ?? '' }
        await session.step((done) => session.wire.login(login, done))
      }
      session.unlimit()
      return { session, password, mails: 0, restsSince: 0 }
    } catch (error) {
      await drop(session)
      // The others were let in with what is refused now.
      if (error instanceof Error && 'code' in error && error.code === 'EAUTH') endResting(() => true)
      throw error
    }
  }

  /** Undefined where none was kept, or the one that rested last does not answer any more. */
  async function wakeSeat(password: string | undefined, signal: AbortSignal): Promise<Seat | undefined> {
    endResting((seat) => seat.session.isLost() || seat.password !== password)
    const seat = resting.pop()
    if (!seat) return undefined
    const { session, timer } = seat
    clearTimeout(timer)
    session.obey(signal)
    // Gone all the same, it fails before the mail is begun, and a fresh one is taken.
    if (performance.now() - seat.restsSince < timeouts.freshMs) return seat
    try {
      session.limit(timeouts.connectMs)
      await session.step((done) => session.wire.reset(done))
      session.unlimit()
      return seat
    } catch {
      // Whatever it was, nothing of a mail was said: a fresh session tells whether the server is well.
      await drop(session)
      return undefined
    }
  }

  /** Resolves once the session rests, or has ended. */
  function settle(seat: Seat): Promise<void> {
    seat.mails += 1
    if (closed || seat.session.isLost() || seat.mails >= MAILS_A_SESSION) return end(seat)
    seat.session.rest()
    seat.restsSince = performance.now()
    seat.timer = setTimeout(() => endResting((other) => other === seat), timeouts.keptMs).unref()
    resting.push(seat)
    return Promise.resolve()
  }

  return {
    async use(signal, send, mayRepeat) {
      const freeSlot = await takeSlot(signal)
      let left = Promise.resolve()
      const tryWith = async (seat: Seat) => {
        try {
          const sent = await send(seat.session)
          left = settle(seat)
          return sent
        } catch (error) {
          left = drop(seat.session)
          throw error
        }
      }
      try {
        await options.turn?.(signal)
        const password = (await options.password())?.reveal()
        signal.throwIfAborted()
        const kept = await wakeSeat(password, signal)
        if (kept) {
          try {
            return await tryWith(kept)
          } catch (error) {
            if (!mayRepeat()) throw error
            await left
          }
        }
        return await tryWith(await openSeat(password, signal))
      } finally {
        // The server counts a session until it is closed.
        void left.then(freeSlot)
      }
    },
    close() {
      closed = true
      endResting(() => true)
      for (const session of open) session.fail(disconnected('the mailer was closed'))
    },
  }
}
