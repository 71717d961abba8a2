/** What a fetch shows to the server: a token in its environment, or a key in a folder that is there as long as it runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { GitRemote } from './git-remote.ts'

export interface GitAccess {
  /** For git's environment. Arguments can be seen by every user of the machine. */
  environment: Record<string, string>
  /** Removes the key. */
  release(): Promise<void>
}

/** Folders with a key are named like this below the mirror. */
export const keyFolderPrefix = 'ssh-'

/**
 * Resolves what the remote needs: `git-token` for HTTP where there is one, `git-ssh-key` and `git-known-hosts` for ssh;
 * each first with the prefix before its name. Throws SECRET_MISSING, SECRET_EXPOSED.
 */
export async function openAccess(
  remote: GitRemote,
  { secrets, prefix, folder }: { secrets: Secrets; prefix: string; folder: string },
): Promise<GitAccess> {
  const resolve = async (name: string) => {
    const own = prefix === '' ? undefined : await resolveGiven(secrets, prefix + name)
    return (own ?? (await secrets.resolve(name))).reveal()
  }
  if (remote.protocol === 'ssh') {
    const [key, knownHosts] = [await resolve('git-ssh-key'), await resolve('git-known-hosts')]
    return openSsh(folder, key, knownHosts)
  }
  const token = remote.protocol === 'file' ? undefined : await resolve('git-token').catch(translateMissing)
  return token === undefined ? { environment: {}, release: async () => {} } : openHttp(remote, token)
}

function openHttp({ url, user }: GitRemote, token: string): GitAccess {
  const credentials = Buffer.from(`${user || 'x-access-token'}:${token}`).toString('base64')
  const environment = {
    GIT_CONFIG_COUNT: '1',
    // For this server only, wherever an answer might lead.
    GIT_CONFIG_KEY_0: `http.${new URL(url).origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  }
  return { environment, release: async () => {} }
}

/** git runs in the folder, so that no path of ours, with whatever characters, gets into a command for a shell. */
async function openSsh(folder: string, key: string, knownHosts: string): Promise<GitAccess> {
  const place = await mkdtemp(join(folder, keyFolderPrefix))
  const release = () => rm(place, { recursive: true, force: true })
  try {
    for (const [name, text] of Object.entries({ key, 'known-hosts': knownHosts })) {
      await writeFile(join(place, name), `${text.replaceAll('\r\n', '\n').trimEnd()}\n`, { mode: 0o600 })
    }
  } catch (error) {
    await release()
    throw error
  }
  const name = basename(place)
  const options = {
    IdentityFile: `${name}/key`,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    UserKnownHostsFile: `${name}/known-hosts`,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    VerifyHostKeyDNS: 'no',
    UpdateHostKeys: 'no',
    CheckHostIP: 'no',
    BatchMode: 'yes',
    PreferredAuthentications: 'publickey',
    ControlMaster: 'no',
    ControlPath: 'none',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ConnectTimeout: '30',
    ServerAliveInterval: '15',
    ServerAliveCountMax: '4',
    LogLevel: 'ERROR',
  }
  const words = Object.entries(options).map(([option, value]) => `-o ${option}=${value}`)
  const environment = { GIT_SSH_VARIANT: 'ssh', GIT_SSH_COMMAND: ['ssh -F /dev/null', ...words].join(' ') }
  return { environment, release }
}

async function resolveGiven(secrets: Secrets, name: string) {
  return secrets.resolve(name).catch(translateMissing)
}

function translateMissing(error: unknown): undefined {
  if (error instanceof JobsdError && error.code === 'SECRET_MISSING') return undefined
  throw error
}
