import type { Endpoints } from '../../engine/core/contracts/endpoints.ts'
import type { Artifacts } from '../../engine/core/contracts/services.ts'
import type { Due, TriggerHost } from '../../engine/core/contracts/trigger.ts'
import type { Instant } from '../../engine/core/model.ts'
import type { ManualClock } from './clock.ts'
import { createMemoryDrops } from './drop-records.ts'
import { createMemoryEndpoints } from './endpoints.ts'
import { createMemoryLog } from './log.ts'
import { connections } from './snapshot.ts'

export interface TestHost extends TriggerHost {
  clock: ManualClock
  log: ReturnType<typeof createMemoryLog>
  /** What started runs: known keys are not here twice. */
  readonly dues: Due[]
  /** `missed 2026-...`, in the order it was recorded, with its notes beside. */
  readonly passed: string[]
  readonly notes: string[]
  /** Runs before a due or passed-over slot is recorded; throws in the ledger's name. */
  beforeRecord: () => void
  /** What the operators were told. */
  told: ReturnType<typeof createMemoryDrops>['told']
  /** Holds what was decided on posted files. */
  ledger: ReturnType<typeof createMemoryDrops>['ledger']
}

export function createTriggerHost(given: {
  clock: ManualClock
  since?: Instant
  endpoints?: Endpoints
  artifacts?: Artifacts
}): TestHost {
  const known = new Set<string>()
  const host: TestHost = {
    clock: given.clock,
    log: createMemoryLog(),
    dues: [],
    passed: [],
    notes: [],
    beforeRecord: () => undefined,
    since: () => given.since ?? given.clock.now().toISOString(),
    async due(due) {
      host.beforeRecord()
      if (known.has(due.key)) return false
      known.add(due.key)
      if (due.seen) {
        const { seen, key, slot } = due
        const trigger = { type: 'ftp-in', key } as const
        const of = { job: 'acme/upload', snapshot: 'x', revision: 'r', firstStep: 'copy' } as const
        const rest = {
          schedule: null,
          event: null,
          file: null,
          callCenters: [null],
          dryRun: false,
          group: null,
        }
        await host.ledger.recordDue({ ...of, ...rest, trigger, slot, seen, now: slot })
      }
      host.dues.push(due)
      return true
    },
    async passOver(_schedule, slots, outcome, note) {
      host.beforeRecord()
      host.passed.push(...slots.map((slot) => `${outcome} ${slot}`))
      host.notes.push(note)
    },
    knowsFile: async (key) => known.has(key),
    ...createMemoryDrops(() => given.clock.now().toISOString()),
    connection: (name) => connections[name]!,
    endpoints: given.endpoints ?? createMemoryEndpoints({}),
    artifacts: given.artifacts ?? ({} as Artifacts),
  }
  return host
}
