/** What the operators are told of syncs: once a revision, and when it is over. */
import type { NoticeFacts } from '../core/contracts/alerts.ts'
import type { JobChange, Sync, SyncReason } from '../core/contracts/sync.ts'
import type { ErrorCode } from '../core/errors.ts'

/** A source may be away this long before anybody is told. */
export const patienceMs = 5 * 60_000

const maxListed = 20

const reasons: Partial<Record<ErrorCode, SyncReason>> = {
  SOURCE_UNREACHABLE: 'SourceUnreachable',
  SOURCE_REFUSED: 'SourceRefused',
  BRANCH_MISSING: 'BranchMissing',
  PATH_MISSING: 'PathMissing',
  FILE_MISSING: 'PathMissing',
  SOURCE_TOO_LARGE: 'SourceTooLarge',
  COMMIT_UNTRUSTED: 'CommitUntrusted',
  PLATFORM_UNTRUSTED: 'PlatformUntrusted',
  NOT_FAST_FORWARD: 'NotFastForward',
}

export function reasonOf(code: ErrorCode | undefined): SyncReason {
  return (code && reasons[code]) ?? 'ReadFailed'
}

/** A revision of which something, or everything, does not run. */
export function troubleNotice(sync: Sync, source: string, changes: JobChange[]): NoticeFacts {
  const { counts } = sync
  const broken = changes.filter(({ snapshot }) => !snapshot).map(({ message }) => message)
  const more = broken.length > maxListed ? [`and ${broken.length - maxListed} more`] : []
  const title =
    sync.outcome === 'refused'
      ? 'a revision was refused'
      : sync.outcome === 'unread'
        ? 'the source cannot be read'
        : counts.invalid > 0
          ? `${counts.invalid} ${counts.invalid === 1 ? 'job does' : 'jobs do'} not compile`
          : `${counts.kept} jobs are gone from the source and run on`
  return {
    title,
    message: sync.message,
    facts: factsOf(sync, source),
    list: [...new Set(broken.slice(0, maxListed)), ...more],
    next:
      sync.reason === 'RemovalsHeld'
        ? 'If they are meant to go, raise maxRemovals in settings.yaml; everything else of the revision is in force.'
        : sync.outcome === 'partly'
          ? 'What ran before goes on in its last good version, every other job has moved on.'
          : 'Every job goes on as it was.',
  }
}

export function recoveryNotice(sync: Sync, source: string): NoticeFacts {
  return {
    title: 'all jobs are in sync again',
    message: 'The newest revision is in force in every job.',
    facts: factsOf(sync, source),
    list: [],
    next: 'Nothing to do.',
  }
}

export function rewrittenNotice(sync: Sync, source: string, accepted: string): NoticeFacts {
  return {
    title: 'the branch was rewritten',
    message: 'The revision that ran before is not part of the new history. The new one is followed.',
    facts: [{ name: 'Before', value: accepted }, ...factsOf(sync, source)],
    list: [],
    next: 'If nobody meant to do that, look at who may push. `requireFastForward` in settings.yaml refuses it.',
  }
}

export function unverifiedNotice(source: string): NoticeFacts {
  return {
    title: 'signatures are not checked',
    message:
      '`verify` in settings.yaml asks for signed commits, but the source is a plain folder, which has none.',
    facts: [{ name: 'Source', value: source }],
    list: [],
    next: 'Start the engine with --repo, so that it reads the commits itself, or take `verify` out.',
  }
}

function factsOf(sync: Sync, source: string): NoticeFacts['facts'] {
  const { revision, commit, reason, endedAt } = sync
  return [
    { name: 'Source', value: source },
    ...(revision ? [{ name: 'Revision', value: revision }] : []),
    ...(commit ? [{ name: 'Author', value: commit.author }] : []),
    { name: 'Reason', value: reason },
    { name: 'At', value: endedAt },
  ]
}
