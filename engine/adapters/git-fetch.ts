/** Brings a remote's branch into the mirror. */
import { devNull } from 'node:os'
import { JobsdError } from '../core/errors.ts'
import type { GitAccess } from './git-access.ts'
import { translateFetchFailure } from './git-failure.ts'
import { type GitEnd, runGitGroup } from './git-group.ts'
import type { GitRemote } from './git-remote.ts'

const head = 'refs/jobsd/head'

const settings = [
  `core.hooksPath=${devNull}`,
  'http.followRedirects=false',
  // A server that goes quiet does not keep a git that nobody waits for any more.
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=120',
  'transfer.fsckObjects=true',
  'protocol.version=2',
  'submodule.recurse=false',
  'credential.helper=',
  // Else it would outlive the fetch and its deadline.
  'gc.autoDetach=false',
].flatMap((setting) => ['-c', setting])

/**
 * Fetches the branch with its whole history and gives its commit; a branch that was rewritten is followed. Throws
 * SOURCE_UNREACHABLE, SOURCE_REFUSED, BRANCH_MISSING, GIT_MISSING, STORAGE_FAILED, and GIT_FAILED for what may be the
 * mirror's own fault.
 */
export async function fetchBranch(
  folder: string,
  remote: GitRemote,
  access: GitAccess,
  signal: AbortSignal,
): Promise<string> {
  const { url, branch, protocol, description: source } = remote
  // The mirror is named: otherwise git would take a repository around it for an empty folder.
  const run = (args: string[]): Promise<GitEnd> =>
    runGitGroup(
      folder,
      ['--git-dir=.', ...settings, ...args],
      { ...access.environment, GIT_ALLOW_PROTOCOL: protocol },
      signal,
    )
  const flags = ['--quiet', '--no-tags', '--no-recurse-submodules', '--force', '--no-write-fetch-head']
  const fetched = await run(['fetch', ...flags, '--', url, `+refs/heads/${branch}:${head}`])
  if (fetched.code !== 0) {
    const error = translateFetchFailure(fetched.told, { source, branch })
    if (error.code !== 'BRANCH_MISSING') throw error
    const listed = await run(['ls-remote', '--quiet', '--', url])
    const isEmpty = listed.code === 0 && listed.output === ''
    const note = isEmpty ? ' (the repository is empty)' : ''
    throw new JobsdError('BRANCH_MISSING', { source, branch, note })
  }
  const parsed = await run(['rev-parse', '--verify', '--end-of-options', `${head}^{commit}`])
  const commit = parsed.output.trim()
  if (parsed.code !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new JobsdError('GIT_FAILED', { reason: `${head} is no commit` })
  }
  return commit
}
