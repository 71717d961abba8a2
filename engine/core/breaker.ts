/** Circuit breakers: a connection that keeps failing is left alone for a while. Pure: who asks says what time it is. */

const failuresInRow = 5
const firstOpenMs = 30_000
const longestOpenMs = 900_000

/** Errors that tell of the connection, not of what was asked of it. A refused login too: servers lock accounts out. */
const ofConnection: readonly string[] = [
  'ENDPOINT_UNREACHABLE',
  'ENDPOINT_TIMEOUT',
  'AUTH_REFUSED',
  'HOST_KEY_CHANGED',
  'TARGET_BUSY',
]

interface Circuit {
  failures: number
  last: ConnectionFailure
  /** 0: closed. */
  openForMs: number
  openUntilMs: number
  probe: { by: string; untilMs: number } | null
}

export interface ConnectionFailure {
  code: string
  message: string
}

/** Why and how long a connection is not to be used. */
export interface Refusal {
  forMs: number
  failures: number
  last: ConnectionFailure
}

/** Keys are whatever identifies a connection's document: another document is another connection. */
export interface Breaker {
  isClosed(key: string): boolean
  /**
   * Whether `by` may use it now. Once the time is over one is let through to try, which must `settle` within `withinMs`;
   * the others wait on.
   */
  ask(key: string, by: string, nowMs: number, withinMs: number): Refusal | undefined
  /** It was used: with success, with a failure, or nobody can tell. True where that closed it. */
  settle(key: string, by: string, nowMs: number, how: 'fine' | 'unclear' | ConnectionFailure): boolean
  /** Those that are left alone, or tried again just now. */
  open(): { key: string; failures: number; last: ConnectionFailure; untilMs: number }[]
}

export function isOfConnection(code: string): boolean {
  return ofConnection.includes(code)
}

export function createBreaker(): Breaker {
  /** Only those that failed last. */
  const circuits = new Map<string, Circuit>()

  function fail(key: string, by: string, nowMs: number, last: ConnectionFailure): void {
    const closed = { failures: 0, last, openForMs: 0, openUntilMs: 0, probe: null }
    const circuit: Circuit = circuits.get(key) ?? closed
    circuits.set(key, circuit)
    circuit.failures += 1
    circuit.last = last
    if (circuit.failures < failuresInRow) return
    // Those who had begun before it opened prove nothing new.
    if (circuit.openForMs > 0 && circuit.probe?.by !== by) return
    circuit.openForMs = Math.min(circuit.openForMs * 2 || firstOpenMs, longestOpenMs)
    circuit.openUntilMs = nowMs + circuit.openForMs
    circuit.probe = null
  }

  return {
    isClosed: (key) => !circuits.get(key)?.openForMs,
    open: () =>
      [...circuits].flatMap(([key, { failures, last, openForMs, openUntilMs: untilMs }]) =>
        openForMs > 0 ? [{ key, failures, last, untilMs }] : [],
      ),
    ask(key, by, nowMs, withinMs) {
      const circuit = circuits.get(key)
      if (!circuit || circuit.openForMs === 0) return undefined
      const { failures, last, openForMs, probe } = circuit
      // A clock that was set back begins its time anew, or it would be open until that comes round again.
      if (circuit.openUntilMs - nowMs > openForMs) circuit.openUntilMs = nowMs + openForMs
      const leftMs = circuit.openUntilMs - nowMs
      if (leftMs > 0) return { forMs: leftMs, failures, last }
      if (probe && probe.by !== by && nowMs < probe.untilMs) return { forMs: firstOpenMs, failures, last }
      circuit.probe = { by, untilMs: nowMs + withinMs }
      return undefined
    },
    settle(key, by, nowMs, how) {
      const circuit = circuits.get(key)
      if (how === 'fine') {
        circuits.delete(key)
        return circuit !== undefined && circuit.openForMs > 0
      }
      if (how !== 'unclear') fail(key, by, nowMs, how)
      else if (circuit?.probe?.by === by) circuit.probe = null
      return false
    },
  }
}
