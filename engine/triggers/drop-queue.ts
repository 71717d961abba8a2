/** Work on posted files: a few at a time, so that a slow one keeps neither the others nor the next look waiting. */

const atOnce = 4

export interface DropQueue {
  /** Whether that is waiting or worked on. */
  has(subject: string): boolean
  /** Queues work about some subjects, unless one of them is there already. It must not throw. */
  add(subjects: readonly string[], work: () => Promise<void>): void
  /** Resolves once nothing waits and nothing is worked on. */
  idle(): Promise<void>
}

/** Once the signal aborts nothing is begun any more. */
export function createDropQueue(signal: AbortSignal): DropQueue {
  const waiting: { subjects: readonly string[]; work: () => Promise<void> }[] = []
  const busy = new Set<string>()
  let next = 0
  let working = 0
  let idlers: (() => void)[] = []

  function pump(): void {
    while (working < atOnce && next < waiting.length && !signal.aborted) {
      const { subjects, work } = waiting[next++]!
      working++
      void work().finally(() => {
        working--
        for (const subject of subjects) busy.delete(subject)
        pump()
      })
    }
    if (working > 0) return
    waiting.length = 0
    next = 0
    for (const wake of idlers) wake()
    idlers = []
  }

  return {
    has: (subject) => busy.has(subject),
    add(subjects, work) {
      if (subjects.some((subject) => busy.has(subject))) return
      for (const subject of subjects) busy.add(subject)
      waiting.push({ subjects, work })
      pump()
    },
    idle: () => (working === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  }
}
