/** Steps and the circuit breakers of the connections that they use. */
import { createBreaker, isOfConnection } from '../core/breaker.ts'
import { connectionOf } from '../core/connection-of.ts'
import type { Clock, Log } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Connection } from '../core/manifest.ts'
import type { Instant, RecordedError, Snapshot } from '../core/model.ts'

/** Why a step is not tried now. No attempt is made, none counted. */
export interface Held {
  forMs: number
  /** It is worth another look as soon as this one is back. */
  connection: string
  error: RecordedError
}

export interface Breakers {
  areClosed(snapshot: Snapshot, names: readonly string[]): boolean
  /** Asks for all connections of a step; `withinMs` is how long its attempt may take. */
  ask(runId: string, snapshot: Snapshot, names: readonly string[], withinMs: number): Held | undefined
  /** To be told after each attempt; undefined: it was fine. */
  settle(runId: string, snapshot: Snapshot, names: readonly string[], error?: unknown): void
  open(): OpenBreaker[]
}

/** A connection that is left alone for a while. */
export interface OpenBreaker {
  connection: string
  /** In a row. */
  failures: number
  /** What the last one was. */
  reason: string
  /** Then it is tried again. */
  until: Instant
}

export function createBreakers(clock: Clock, log: Log, onBack: (connection: string) => void): Breakers {
  const breaker = createBreaker()
  const keys = new WeakMap<Connection, string>()
  const nowMs = () => clock.now().getTime()

  /** Another document is another connection: a corrected one is tried at once. */
  function keyOf(snapshot: Snapshot, name: string): string {
    const connection = connectionOf(snapshot, name)
    const known = keys.get(connection)
    if (known) return known
    const key = JSON.stringify(connection)
    keys.set(connection, key)
    return key
  }

  return {
    open: () =>
      breaker.open().map(({ key, failures, last, untilMs }) => ({
        connection: (JSON.parse(key) as Connection).name,
        failures,
        reason: last.message,
        until: new Date(untilMs).toISOString(),
      })),
    areClosed: (snapshot, names) => names.every((name) => breaker.isClosed(keyOf(snapshot, name))),
    ask(runId, snapshot, names, withinMs) {
      for (const [index, name] of names.entries()) {
        const refusal = breaker.ask(keyOf(snapshot, name), runId, nowMs(), withinMs)
        if (!refusal) continue
        for (const asked of names.slice(0, index))
          breaker.settle(keyOf(snapshot, asked), runId, nowMs(), 'unclear')
        const { forMs, failures, last } = refusal
        const message = `waits for ${name}, which failed ${failures} times in a row; the last time: ${last.message}`
        return { forMs, connection: name, error: { code: last.code, message } }
      }
      return undefined
    },
    settle(runId, snapshot, names, error) {
      for (const name of names) {
        const how = error === undefined ? 'fine' : readFailure(error, name)
        const isBack = breaker.settle(keyOf(snapshot, name), runId, nowMs(), how)
        if (!isBack) continue
        log.info({ connection: name }, 'it works again')
        onBack(name)
      }
    },
  }
}

function readFailure(error: unknown, name: string): 'unclear' | RecordedError {
  if (!(error instanceof JobsdError) || !isOfConnection(error.code)) return 'unclear'
  if (error.details.connection !== name) return 'unclear'
  return { code: error.code, message: error.message }
}
