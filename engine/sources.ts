/** The sources that a command line names: folders, or Git remotes with their mirrors in the data folder. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { DataFolder } from './adapters/data-folder.ts'
import { createFolderSource, createPlatformSource } from './adapters/folder-source.ts'
import type { EngineSources, SourceAddress } from './cli/parts.ts'
import { isGitUrl } from './cli/source-address.ts'
import type { ConfigSource } from './core/contracts/config-source.ts'
import type { Secrets } from './core/contracts/services.ts'
import { JobsdError } from './core/errors.ts'

type GitAddress = Extract<SourceAddress, { url: string }>

/** Makes them; nothing is read yet. Throws BAD_REQUEST for a URL, a branch or a path that is not allowed. */
export async function createSources(
  { source, platform, pollMs }: EngineSources,
  data: Pick<DataFolder, 'root' | 'work'>,
  secrets: Secrets,
): Promise<{ source: ConfigSource; platform: ConfigSource | undefined }> {
  const git = async (address: GitAddress, use: 'inside' | 'apart' | 'all'): Promise<ConfigSource> => {
    const { createGitSource, platformParts } = await import('./adapters/git-source.ts')
    const { readRemote } = await import('./adapters/git-remote.ts')
    const { createVouch } = await import('./adapters/git-vouch.ts')
    const isPlatform = use === 'all'
    const mirror = join(data.root, 'git', isPlatform ? 'platform.git' : 'repository.git')
    const { description, path } = readRemote(address)
    return createGitSource({
      ...address,
      ...(isPlatform && { parts: platformParts, secretPrefix: 'platform-' }),
      ...(pollMs !== undefined && { pollMs }),
      mirror,
      secrets,
      vouch: createVouch({ description, mirror, workFolder: data.work, path, platform: use }),
    })
  }
  return {
    source:
      'folder' in source
        ? createFolderSource(source.folder)
        : await git(source, platform ? 'apart' : 'inside'),
    platform:
      platform && ('folder' in platform ? createPlatformSource(platform.folder) : await git(platform, 'all')),
  }
}

/** For commands that read files only. Throws BAD_REQUEST for a URL. */
export function createPlatformFolder(folder: string): ConfigSource {
  if (!isGitUrl(folder)) return createPlatformSource(folder)
  const reason = 'this command reads the platform out of a folder; name one by --platform or JOBSD_PLATFORM'
  throw new JobsdError('BAD_REQUEST', { reason })
}

/** Who the operating system says runs this process; by number where it has no name for them. */
export function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
