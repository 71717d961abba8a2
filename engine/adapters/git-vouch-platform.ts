/** The operators' documents in a repository that others may sign commits of. */
import { JobsdError } from '../core/errors.ts'
import type { SignatureCheck } from './git-signatures.ts'
import { findMergeBases, listCommits, readTrees } from './git-vouch-history.ts'

/** Each costs some 20 ms; whoever signs last needs one. */
const maxChecks = 500

export interface PlatformQuestion {
  mirror: string
  /** The operators' folder in the repository. */
  path: string
  commit: string
  /** The commit that ran before; null where none did, or where the mirror has lost it. */
  accepted: string | null
  check: SignatureCheck
}

/**
 * Resolves if the operators' folder is as it was in `accepted`, or exactly as an operator signed it since: in a commit
 * after which nobody changed it, and which changed what was accepted, not something older or of another repository.
 * So others may merge what an operator signed and build on it; what they wrote there themselves, a merge that mixes or
 * drops changes, and an older state brought back are refused. Throws PLATFORM_UNTRUSTED.
 */
export async function requirePlatformVouched(question: PlatformQuestion, signal: AbortSignal): Promise<void> {
  const { mirror, path, commit, accepted, check } = question
  // Every commit is looked at: by path, git leaves out those sides of a merge that it deems uninteresting.
  const commits = await listCommits(mirror, accepted ? `${accepted}..${commit}` : commit, signal)
  const asked = [commit, ...(accepted ? [accepted] : []), ...commits]
  const trees = await readTrees(mirror, asked, path, signal)
  const wanted = trees.get(commit)
  if (accepted && trees.get(accepted) === wanted) return

  async function isLastChange(candidate: string): Promise<boolean> {
    const after = await listCommits(mirror, `${candidate}..${commit}`, signal, ['--ancestry-path'])
    return after.every((later) => trees.get(later) === wanted)
  }

  async function changesAccepted(candidate: string): Promise<boolean> {
    if (!accepted || candidate === commit) return true
    const bases = await findMergeBases(mirror, candidate, accepted, signal)
    const before = await readTrees(mirror, bases, path, signal)
    return bases.length > 0 && bases.every((base) => before.get(base) === trees.get(accepted))
  }

  let reason = 'no commit with exactly these files is signed by one of the platformSigners'
  const candidates = commits.filter((candidate) => trees.get(candidate) === wanted)
  for (const candidate of candidates.slice(0, maxChecks)) {
    const verdict = await check(candidate)
    if (!verdict.isGood || !verdict.isOperator) continue
    const isLast = await isLastChange(candidate)
    if (isLast && (await changesAccepted(candidate))) return
    reason = isLast
      ? `${verdict.signer} signed them on top of others than those in force`
      : `${verdict.signer} signed them, but they were changed since`
  }
  throw new JobsdError('PLATFORM_UNTRUSTED', { commit, reason })
}
