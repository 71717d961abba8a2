/** Decides when a server may have a mail's bytes, and when their end. */
import { Readable } from 'node:stream'
import { gatherBytes } from './gather-bytes.ts'

// A mail is made of many small pieces, and each would be a write of its own.
const writeBytes = 64 * 1024

export interface GateKeepers {
  /** Before the first byte; what it throws is thrown by `shut`, and no byte goes out. */
  begin(): void
  /** Before the end is let through; see Mailer. */
  transmitting(): Promise<void>
  /** The end goes out now. */
  opened(): void
}

export interface Gate {
  bytes: Readable
  /** The server agreed to take the mail: bytes of it may have gone out. */
  isBegun(): boolean
  /** The end of the mail was let through. */
  isOpen(): boolean
  /** Lets nothing more through, then throws what a keeper threw, if it was asked. */
  shut(): Promise<void>
}

/**
 * Lets a mail's bytes through and holds back its end, without which no server takes it, until `transmitting`
 * resolved. Nothing begins before the bytes are read, which is when the server answered DATA.
 */
export function createGate(body: Buffer | Readable, keepers: GateKeepers): Gate {
  let begun = false
  let open = false
  let decision = Promise.resolve()
  async function ask(keeper: () => Promise<void>): Promise<void> {
    try {
      decision = keeper()
      await decision
    } catch {
      // `shut` throws the error itself: the library writes into errors that come by a stream.
      throw new Error('the mail was held back')
    }
  }
  async function* heldBack(): AsyncGenerator<Buffer> {
    await ask(async () => keepers.begin())
    begun = true
    if (Buffer.isBuffer(body)) yield body
    else yield* gatherBytes(body, writeBytes)
    await ask(keepers.transmitting)
    if (bytes.destroyed) return
    open = true
    keepers.opened()
  }
  const bytes = Readable.from(heldBack(), { objectMode: false })
  return {
    bytes,
    isBegun: () => begun,
    isOpen: () => open,
    async shut() {
      bytes.on('error', () => undefined).destroy()
      if (!Buffer.isBuffer(body)) body.destroy()
      await decision
    },
  }
}
