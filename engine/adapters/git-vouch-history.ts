/** What a bare mirror tells of its commits: who made one, what follows on what, and what a folder held in each. */
import type { CommitFacts } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import { runGit, spawnGit } from './git-command.ts'
import { collectChild } from './git-signatures-run.ts'

/** More history is not looked at, newest first. */
export const maxCommits = 10_000

const maxAuthorLength = 200
const latestMs = Date.parse('9999-12-31T23:59:59.999Z')
const hidden = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** Who made a commit and when, by its own words alone: a committed .mailmap renames nobody. */
export async function readAuthor(
  mirror: string,
  commit: string,
  signal: AbortSignal,
): Promise<Pick<CommitFacts, 'author' | 'authoredAt'>> {
  const format = '--format=%an%x00%ae%x00%at'
  const args = ['log', '-1', '--no-mailmap', '--no-show-signature', '--no-color', '--encoding=UTF-8', format]
  const [name = '', mail = '', seconds = ''] = (await runGit(mirror, [...args, commit, '--'], signal)).split(
    '\0',
  )
  const author = `${name} <${mail}>`.replace(hidden, '').slice(0, maxAuthorLength).toWellFormed()
  const authoredMs = Math.min(Math.max(0, Number(seconds.trim()) * 1000 || 0), latestMs)
  return { author, authoredAt: new Date(authoredMs).toISOString() }
}

/** Whether the mirror has this commit; what is no object name is none. */
export async function hasCommit(mirror: string, commit: string, signal: AbortSignal): Promise<boolean> {
  if (!isObjectName(commit)) return false
  const child = spawnGit(mirror, ['cat-file', '-e', `${commit}^{commit}`], signal)
  return (await collectChild(child, '', signal)).code === 0
}

/** Whether a commit is the other one or one of its ancestors; both must be there. */
export async function isAncestor(
  mirror: string,
  ancestor: string,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  const child = spawnGit(mirror, ['merge-base', '--is-ancestor', ancestor, commit], signal)
  const { code, told } = await collectChild(child, '', signal)
  if (code > 1) throw new JobsdError('GIT_FAILED', { reason: told.slice(0, 300) })
  return code === 0
}

/** The best common ancestors of two commits; none where their histories have nothing in common. */
export async function findMergeBases(
  mirror: string,
  one: string,
  other: string,
  signal: AbortSignal,
): Promise<string[]> {
  const child = spawnGit(mirror, ['merge-base', '--all', one, other], signal)
  const { code, output, told } = await collectChild(child, '', signal)
  if (code > 1) throw new JobsdError('GIT_FAILED', { reason: told.slice(0, 300) })
  return output.toString('latin1').split('\n').filter(isObjectName)
}

/** The newest commits of a range, oldest first. `options` are fixed words of rev-list. */
export async function listCommits(
  mirror: string,
  range: string,
  signal: AbortSignal,
  options: string[] = [],
): Promise<string[]> {
  const args = ['rev-list', '--reverse', '--topo-order', `--max-count=${maxCommits}`, ...options, range, '--']
  return (await runGit(mirror, args, signal)).split('\n').filter((line) => line !== '')
}

/** The object at a path in each commit, by commit; '' where there is none. One child, however many they are. */
export async function readTrees(
  mirror: string,
  commits: string[],
  path: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  if (commits.length === 0) return new Map()
  const child = spawnGit(mirror, ['cat-file', '--batch-check=%(objectname)'], signal)
  const questions = commits.map((commit) => `${commit}:${path}\n`).join('')
  const { code, output, told } = await collectChild(child, questions, signal)
  const answers = output.toString('utf8').split('\n').slice(0, -1)
  if (code !== 0 || answers.length !== commits.length) {
    throw new JobsdError('GIT_FAILED', { reason: told.trim().slice(0, 300) || 'cat-file left something out' })
  }
  return new Map(
    commits.map((commit, index) => [commit, isObjectName(answers[index]!) ? answers[index]! : '']),
  )
}

export function isObjectName(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}
