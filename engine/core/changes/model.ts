/** What a plan is made of: two sides of a change, and what differs between them. Everything here is plain data. */
import type { Instant, JobId, Problem, Snapshot } from '../model.ts'
import type { Phrase } from './phrase.ts'

/** A job that there is a file for. */
export interface PlannedJob {
  file: string
  /** The file's text: the same text is no change. */
  text: string
  /** null where it does not compile; then `problem` says why. */
  snapshot: Snapshot | null
  problem: Problem | null
  /** What the manifest says it was called before. */
  previousName: string | null
}

export type SharedKind =
  | 'settings'
  | 'connection'
  | 'policy'
  | 'calendar'
  | 'client'
  | 'report'
  | 'mail'
  | 'step-type'

/** A file that jobs depend on. */
export interface SharedDocument {
  kind: SharedKind
  /** As jobs name it: `acme-sftp`, `call/call-detail`; for settings `settings`. */
  name: string
  /** Whose it is, where it is one client's own: its policy, its client.yaml, its templates. */
  client: string | null
  /** null where the file cannot be read as what it should be: its problems tell. */
  value: unknown
}

/** One state of a config repository. */
export interface PlannedSide {
  revision: string
  jobs: ReadonlyMap<JobId, PlannedJob>
  /** By file. */
  shared: ReadonlyMap<string, SharedDocument>
  clients: readonly string[]
  problems: readonly Problem[]
}

/** A due moment as plans show it. */
export interface SlotView {
  /** In UTC. */
  at: Instant
  /** RFC 3339 with the zone's offset. */
  local: string
  timezone: string
  outcome: 'run' | 'skipped' | 'shifted'
  /** What a day off or a clock change did to it; empty for an ordinary one. */
  note: string
}

/** `notice`: whom a step of type notify tells beside the operators. */
export type RecipientField = 'to' | 'cc' | 'bcc' | 'notice'

/** Where a step puts files. */
export interface Target {
  step: string
  connection: string
  /** The folder, or the prefix of the key. */
  path: string
  /** With its tokens; `*` stands for the name that a posted file has. */
  fileName: string
}

/** What a step deletes for good. */
export interface Deletion {
  step: string
  /** `acme-sftp:/outbound/*.csv older than 90d`, or what starts the run. */
  files: string
}

type EffectFacts =
  | { kind: 'enabled'; schedules: { schedule: string; slots: SlotView[] }[] }
  | { kind: 'disabled' }
  | { kind: 'renamed'; before: JobId; after: JobId }
  | { kind: 'trigger-set'; before: string | null; after: string }
  | {
      kind: 'schedule-added' | 'schedule-removed' | 'schedule-moved'
      schedule: string
      /** The next five slots and what is skipped between them; empty where there is no such schedule. */
      before: SlotView[]
      after: SlotView[]
      /** Later slots of the coming year that a clock change touches. */
      clockChanges: SlotView[]
    }
  | { kind: 'folder-gained' | 'folder-lost'; connection: string; path: string }
  | { kind: 'step-added' | 'step-removed'; step: string; type: string }
  | { kind: 'step-retyped'; step: string; before: string; after: string }
  | { kind: 'start-changed'; before: string; after: string }
  | { kind: 'edge-changed'; step: string; edge: 'onSuccess' | 'onFailure'; before: string; after: string }
  | {
      kind: 'recipient-gained' | 'recipient-lost'
      step: string
      field: RecipientField
      address: string
      /** Gained, and no job of the client mailed to this domain before. */
      newDomain: boolean
    }
  | ({ kind: 'target-gained' | 'target-lost' } & Target)
  | ({ kind: 'deletion-gained' | 'deletion-lost' } & Deletion)
  | { kind: 'connection-gained' | 'connection-lost'; connection: string }
  | { kind: 'call-center-gained' | 'call-center-lost'; callCenter: string }
  | { kind: 'setting-changed'; place: string; before: unknown; after: unknown }
  /** A file outside the job changed that its runs depend on. */
  | { kind: 'shared-changed'; file: string }
  | { kind: 'stops-compiling' | 'still-broken'; problem: Problem }
  | { kind: 'compiles-again' }
  | { kind: 'job-removed'; schedules: string[]; recipients: string[]; targets: string[] }

/** One thing that a change does, and the sentence that tells it. */
export type Effect = EffectFacts & { phrase: Phrase }
export type EffectKind = Effect['kind']

export interface JobChange {
  job: JobId
  kind: 'added' | 'changed' | 'removed' | 'renamed'
  file: string
  /** The job that it was, for a renamed one. */
  previously: JobId | null
  /** Empty where the text changed and nothing that the job does. */
  effects: Effect[]
  /** The step graph as lines, where it changed; empty where there is none on that side. */
  graph: { before: string[]; after: string[] } | null
  /** Whether the job compiles after the change, and the errors in its own file. */
  verdict: { valid: boolean; problems: Problem[] }
}

/** A file outside of jobs that changed, and whom it reaches. */
export interface SharedChange {
  file: string
  kind: SharedKind
  name: string
  change: 'added' | 'changed' | 'removed'
  differences: Phrase[]
  /** The jobs whose runs it changes. */
  jobs: JobId[]
}

export interface GainedRecipient {
  client: string
  address: string
  newDomain: boolean
}

/** How far a change reaches. */
export interface BlastRadius {
  jobs: Record<JobChange['kind'], number>
  /** Jobs whose text changed and whose behaviour did not; they are not counted as changed. */
  withoutEffect: number
  recipientsGained: GainedRecipient[]
  recipientsLost: Omit<GainedRecipient, 'newDomain'>[]
  clientsTouched: string[]
  /** On both sides together. */
  clients: number
  phrase: Phrase
}

export interface Plan {
  before: string
  after: string
  changes: JobChange[]
  shared: SharedChange[]
  /** Every problem after the change; `isNew` where it was not there before. */
  problems: (Problem & { isNew: boolean })[]
  mended: Problem[]
  blastRadius: BlastRadius
}
