/** All manifests of a revision, as read and checked. */
import type { SourceFile } from '../core/contracts/config-source.ts'
import type {
  Calendar,
  Client,
  ClientPolicy,
  Connection,
  Job,
  JobTest,
  Report,
  Settings,
  StepType,
} from '../core/manifest.ts'
import type { JobId, Problem } from '../core/model.ts'
import type { LoadedDocument } from './places.ts'

type Documents<K, T> = ReadonlyMap<K, LoadedDocument<T>>

/** The manifests that fit their schema, by name; what does not is in `documents` or only in `files`. */
export interface Manifests {
  /** The config repository's revision. */
  revision: string
  /** The revision of a platform source of its own; null where `platform/` is part of the repository. */
  platformRevision: string | null
  /** Every job that there is a file for, readable or not, with its file. */
  jobFiles: ReadonlyMap<JobId, string>
  jobs: Documents<JobId, Job>
  clients: Documents<string, Client>
  policies: Documents<string, ClientPolicy>
  connections: Documents<string, Connection>
  calendars: Documents<string, Calendar>
  stepTypes: Documents<string, StepType>
  /** By `<category>/<name>`. */
  reports: Documents<string, Report>
  /** The tests of jobs, by the job they are for. */
  tests: Documents<JobId, JobTest>
  settings: LoadedDocument<Settings> | null
  /** Every manifest that could be parsed, valid or not, by file. */
  documents: ReadonlyMap<string, LoadedDocument<unknown>>
  /** Everything that was read: the repository's own files over the package's standard templates. */
  files: ReadonlyMap<string, SourceFile>
  /** The jobs that hold a client's place for its one campaign or drop-folder job, each with that trigger's type. */
  incumbents: ReadonlyMap<JobId, Job['trigger']['type']>
}

export interface Config extends Manifests {
  /** By file, line, column and rule. */
  problems: readonly Problem[]
  /** The first error of each file that has one. */
  firstErrors: ReadonlyMap<string, Problem>
}
