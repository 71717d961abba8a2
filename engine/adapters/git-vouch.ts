/** Who vouches for a commit of a Git source: decided by the rules in force, never by what the commit brings along. */
import type { CommitFacts, ConfigSource, TrustRules } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { type SignatureCheck, withSignatureCheck } from './git-signatures.ts'
import { hasCommit, isAncestor, isObjectName, readAuthor } from './git-vouch-history.ts'
import { requirePlatformVouched } from './git-vouch-platform.ts'

export interface VouchOptions {
  /** What the source calls itself, for errors. */
  description: string
  /** The bare repository that the source fetched into. */
  mirror: string
  /** Where key rings are made for the length of a check. */
  workFolder: string
  /** The source's folder in the repository, '' for its root. */
  path: string
  /**
   * inside: jobs.d/platform of this source is in force. apart: another source has it, whatever is there does not count.
   * all: this source is nothing but the operators' documents, so that every commit of it is theirs to sign.
   */
  platform: 'inside' | 'apart' | 'all'
}

type Vouch = NonNullable<ConfigSource['vouch']>

/** Makes a Git source's `vouch`. Throws BAD_REQUEST for a path that is not plain. */
export function createVouch(options: VouchOptions): Vouch {
  const { description, mirror, workFolder, path, platform } = options
  const platformPath = joinPlain(path, 'jobs.d/platform')

  async function checkSignatures(
    commit: string,
    accepted: string | null,
    isLost: boolean,
    rules: TrustRules,
    signal: AbortSignal,
  ): Promise<CommitFacts['signature']> {
    if (rules.verify === 'none') return { state: 'unchecked' }
    return await withSignatureCheck({ mirror, workFolder }, rules, signal, async (check) => {
      const verdict = await check(commit)
      if (!verdict.isGood) throw new JobsdError('COMMIT_UNTRUSTED', { commit, reason: verdict.reason })
      const isOperators = platform === 'all' || (platform === 'inside' && isLost)
      if (rules.platformSigners.length > 0 && isOperators) await requireOperator(check, commit)
      else if (rules.platformSigners.length > 0 && platform === 'inside') {
        await requirePlatformVouched({ mirror, path: platformPath, commit, accepted, check }, signal)
      }
      return { state: 'good', signer: verdict.signer, key: verdict.key }
    })
  }

  async function judge(...[commit, accepted, rules, signal]: Parameters<Vouch>): ReturnType<Vouch> {
    if (!isObjectName(commit)) throw new JobsdError('GIT_FAILED', { reason: 'that is no name of a commit' })
    const author = await readAuthor(mirror, commit, signal)
    const isHeld = accepted !== null && (await hasCommit(mirror, accepted, signal))
    const rewritten = accepted !== null && !(isHeld && (await isAncestor(mirror, accepted, commit, signal)))
    if (rewritten && rules.requireFastForward) throw new JobsdError('NOT_FAST_FORWARD', { commit, accepted })
    // What was accepted is gone from the remote and from here: nothing can be compared with it.
    const isLost = accepted !== null && !isHeld
    const signature = await checkSignatures(commit, isHeld ? accepted : null, isLost, rules, signal)
    return { facts: { commit, ...author, signature }, rewritten }
  }

  return (...question) =>
    judge(...question).catch((error: unknown) => {
      if (!(error instanceof JobsdError) || error.code !== 'GIT_FAILED') throw error
      const { reason = '' } = error.details
      throw new JobsdError('SOURCE_UNREACHABLE', { source: description, reason }, { cause: error })
    })
}

async function requireOperator(check: SignatureCheck, commit: string): Promise<void> {
  const verdict = await check(commit)
  if (verdict.isGood && verdict.isOperator) return
  const reason = verdict.isGood ? `${verdict.signer} is not one of the platformSigners` : verdict.reason
  throw new JobsdError('PLATFORM_UNTRUSTED', { commit, reason })
}

/** Git finds nothing at `a//b` or `./a`, and nothing would equal nothing: such a path must not reach the comparison. */
function joinPlain(path: string, below: string): string {
  const joined = path === '' ? below : `${path}/${below}`
  const isPlain =
    joined.split('/').every((part) => !['', '.', '..'].includes(part)) && !/\p{Cc}/u.test(joined)
  if (!isPlain) throw new JobsdError('BAD_REQUEST', { reason: 'the path of a Git source must be plain: a/b' })
  return joined
}
