/** What a trigger type is: one file under engine/triggers, one line in its list. */
import type { Connection } from '../manifest.ts'
import type {
  DroppedFile,
  EventData,
  Instant,
  RunParameters,
  Snapshot,
  Trigger,
  TriggerOf,
} from '../model.ts'
import type { DropRecords, SeenFile } from './drops.ts'
import type { Endpoints } from './endpoints.ts'
import type { Artifacts, Clock, Log } from './services.ts'

/** Something that became due. The same key a second time is a no-op. */
export interface Due {
  /** Unique within job and trigger type. */
  key: string
  slot: Instant
  schedule: string | null
  event: EventData | null
  /** Typed already. */
  parameters?: RunParameters
  file: DroppedFile | null
  /** The files of one run for all of them; then `file` is null. */
  files?: DroppedFile[]
  /** The same files as they were decided on. */
  seen?: SeenFile[]
  /** null: the job's own fan-out. */
  callCenter: string | null
}

export interface TriggerHost {
  /** Slots at or before this moment are never due: the later of first applied and, for each schedule, its last recorded slot. */
  since(schedule: string): Instant
  /** Records it and starts its runs, in one durable transaction. Resolves once that is safe; false where it was known already. */
  due(due: Due): Promise<boolean>
  /** Records that slots were passed over, so that every slot has an outcome. */
  passOver(schedule: string, slots: Instant[], outcome: 'missed' | 'skipped', note: string): Promise<void>
  /** Whether a posted file was decided on before. */
  knowsFile(key: string): Promise<boolean>
  /** What is kept of the job's posted files. */
  drops: DropRecords
  connection(name: string): Connection
  endpoints: Endpoints
  artifacts: Artifacts
  clock: Clock
  log: Log
}

export interface TriggerType<T extends Trigger['type'] = Trigger['type']> {
  type: T
  /** The platform's own name: `Campaign`, `Scheduled`, `FTPin`. */
  title: string
  /** Watches until the signal aborts. Resolves once primed: from then on nothing is missed. */
  watch(trigger: TriggerOf<T>, snapshot: Snapshot, host: TriggerHost, signal: AbortSignal): Promise<void>
  /** Whether an event of that type is for this trigger. */
  accepts?(eventType: string): boolean
}
