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
  check(manifests: Manifests, report: Report): void
}

/** A rule that looks at each valid job by itself. */
export function jobRule(
  name: string,
  check: (document: LoadedDocument<Job>, report: Report, manifests: Manifests, job: JobId) => void,
): Rule {
  return {
    name,
    check: (manifests, report) => {
      for (const [job, document] of manifests.jobs) check(document, report, manifests, job)
    },
  }
}

/** The names among a set of manifests, valid or not. */
export function namesIn(manifests: Manifests, pattern: RegExp): string[] {
  return [...manifests.files.keys()].flatMap((path) => pattern.exec(path)?.[1] ?? [])
}
