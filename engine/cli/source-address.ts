/** Where the command line says that manifests are read. */
import type { Command } from 'commander'
import type { EngineSources, SourceAddress } from './parts.ts'

const defaultBranch = 'main'

export interface GivenSources {
  /** The folder, where one was named. */
  dir?: string | undefined
  repo?: string | undefined
  branch?: string | undefined
  path?: string | undefined
  platform?: string | undefined
  /** In ms. */
  poll?: number | undefined
}

/** Options and environment as sources: what the command line names wins. Ends `command` with a usage error. */
export function readSources(given: GivenSources, env: NodeJS.ProcessEnv, command: Command): EngineSources {
  const { dir, repo, branch, path, poll } = given
  if (dir !== undefined && repo !== undefined) {
    command.error('error: a folder and --repo are both given; one of them is the source')
  }
  const url = repo ?? (dir === undefined ? env.JOBSD_REPO : undefined)
  if (url === undefined && branch !== undefined) command.error('error: --branch is for --repo')
  if (url === undefined && path !== undefined) command.error('error: --path is for --repo')
  const named = given.platform ?? env.JOBSD_PLATFORM
  const platform = named === undefined ? undefined : readPlatformAddress(named)
  const source: SourceAddress =
    url === undefined
      ? { folder: dir ?? '.' }
      : { url, branch: branch ?? env.JOBSD_BRANCH ?? defaultBranch, path: path ?? '' }
  if (poll !== undefined && ![source, platform].some((address) => address && 'url' in address)) {
    command.error('error: --poll is for Git remotes; a folder is watched')
  }
  return { source, platform, pollMs: poll }
}

/** The folder that `.jobsd` lies in where no data folder is named. */
export function homeOf({ source }: EngineSources): string {
  return 'folder' in source ? source.folder : '.'
}

/** A folder, or `URL[#BRANCH]`. */
function readPlatformAddress(text: string): SourceAddress {
  if (!isGitUrl(text)) return { folder: text }
  const [, url = '', branch] = /^(.*?)(?:#([^#]*))?$/s.exec(text) ?? []
  return { url, branch: branch ?? defaultBranch, path: '' }
}

/** Tells `https://...` and `git@host:path` from a folder. */
export function isGitUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^[\w.][\w.-]*@[^/\s]+:/i.test(text)
}
