/** What a rule is: a named function over all manifests. */
import type { Job } from '../../core/manifest.ts'
import type { JobId, Problem } from '../../core/model.ts'
import type { Manifests } from '../config.ts'
import type { At, LoadedDocument } from '../places.ts'

/** Tells a problem at a place. The message says what is there and what is allowed. */
export type Report = (at: At, message: string, severity?: Problem['severity']) => void

export interface Rule {
  /** Kebab-case; shown with each problem. */
  name: string
  /** Looks at all manifests at once. */
  check?(manifests: Manifests, report: Report): void
  /** Looks at one valid job. */
  checkJob?(document: LoadedDocument<Job>, report: Report, manifests: Manifests, job: JobId): void
}

/** A rule that looks at each valid job by itself. */
export function jobRule(name: string, checkJob: NonNullable<Rule['checkJob']>): Rule {
  return { name, checkJob }
}

// A name that is misspelt in every job is looked for in every file only once.
const known = new WeakMap<Manifests['files'], Map<string, string[]>>()

/** The names among a set of manifests, valid or not. */
export function namesIn({ files }: Pick<Manifests, 'files'>, pattern: RegExp): string[] {
  const ofFiles = known.get(files) ?? new Map<string, string[]>()
  known.set(files, ofFiles)
  const names =
    ofFiles.get(pattern.source) ?? [...files.keys()].flatMap((path) => pattern.exec(path)?.[1] ?? [])
  ofFiles.set(pattern.source, names)
  return names
}
