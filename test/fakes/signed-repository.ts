/** Commits with and without signatures, written straight into a bare repository: no work tree, no branch, no mercy. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

export const hasSshKeygen = isInstalled('ssh-keygen')
export const hasGpg = isInstalled('gpg')

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** A key pair, and what git needs to sign with it. */
export interface SigningKey {
  publicKey: string
  /** As the facts name it. */
  fingerprint: string
  config: string[]
  environment: Record<string, string>
}

export interface CommitSpec {
  /** By path; the whole tree. */
  files: Record<string, string>
  parents?: string[]
  key?: SigningKey
  author?: { name: string; mail: string; date: string }
}

/** A folder that is gone after the test, with a path short enough for gpg-agent's socket. */
export function makeShortFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-'))
  t.teardown(() => {
    // A gpg-agent that ends takes its own sockets away meanwhile, and rm gives up without a word.
    for (let round = 0; round < 10 && existsSync(folder); round++) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  })
  return folder
}

export function createSshKey(t: Test): SigningKey {
  const path = join(makeShortFolder(t), 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', path])
  const printed = execFileSync('ssh-keygen', ['-l', '-E', 'sha256', '-f', path], { encoding: 'utf8' })
  return {
    publicKey: readFileSync(`${path}.pub`, 'utf8').trim(),
    fingerprint: printed.split(' ')[1]!,
    config: ['gpg.format=ssh', `user.signingkey=${path}`],
    environment: {},
  }
}

/** `madeAt` in seconds: gpg believes that it is this moment, when it makes the key and whenever it signs with it. */
export function createGpgKey(
  t: Test,
  { madeAt, validFor = '0' }: { madeAt?: number; validFor?: string } = {},
) {
  const home = join(makeShortFolder(t), 'g')
  mkdirSync(home, { mode: 0o700 })
  if (madeAt !== undefined) writeFileSync(join(home, 'gpg.conf'), `faked-system-time ${madeAt}\n`)
  const environment = { GNUPGHOME: home, PATH: process.env.PATH ?? '' }
  const gpg = (args: string[], input = ''): string =>
    execFileSync('gpg', ['--batch', '--quiet', ...args], {
      env: environment,
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
      encoding: 'utf8',
    })
  t.teardown(() => spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'], { stdio: 'ignore' }))
  gpg(['--passphrase', '', '--quick-gen-key', 'Olga <olga@example.com>', 'ed25519', 'sign', validFor])
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg(['--with-colons', '--list-keys']))![1]!
  const key: SigningKey = {
    publicKey: gpg(['--armor', '--export']),
    fingerprint,
    config: ['gpg.format=openpgp', `user.signingkey=${fingerprint}`],
    environment: { GNUPGHOME: home },
  }
  /** The public key as it is once its owner has revoked it. */
  function revoke(): string {
    const path = join(home, 'openpgp-revocs.d', `${fingerprint}.rev`)
    gpg(['--import'], readFileSync(path, 'utf8').replace(/^:(?=-----BEGIN)/m, ''))
    return gpg(['--armor', '--export'])
  }
  return { ...key, revoke }
}

export function createRepository(t: Test) {
  const folder = makeShortFolder(t)
  const mirror = join(folder, 'mirror.git')
  const author = { name: 'Anna', mail: 'anna@example.com', date: '2026-03-01T12:00:00+02:00' }

  function git(args: string[], input: string | Buffer = '', more: Record<string, string> = {}): string {
    const env = {
      PATH: process.env.PATH ?? '',
      GIT_CONFIG_GLOBAL: devNull,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_INDEX_FILE: join(folder, 'index'),
      ...more,
    }
    const cwd = args[0] === 'init' ? folder : mirror
    return execFileSync('git', args, { cwd, env, input, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' })
  }

  function writeTree(files: Record<string, string>): string {
    git(['read-tree', '--empty'])
    for (const [path, text] of Object.entries(files)) {
      const blob = git(['hash-object', '-w', '--stdin'], text).trim()
      git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`])
    }
    return git(['write-tree']).trim()
  }

  function commit({ files, parents = [], key, author: by = author }: CommitSpec): string {
    const config = (key?.config ?? []).flatMap((setting) => ['-c', setting])
    const args = ['commit-tree', writeTree(files), ...parents.flatMap((parent) => ['-p', parent])]
    return git([...config, ...args, ...(key ? ['-S'] : [])], 'a message\n', {
      ...key?.environment,
      GIT_AUTHOR_NAME: by.name,
      GIT_AUTHOR_EMAIL: by.mail,
      GIT_AUTHOR_DATE: by.date,
      GIT_COMMITTER_NAME: 'Merge Button',
      GIT_COMMITTER_EMAIL: 'merge@example.com',
    }).trim()
  }

  git(['init', '-q', '--bare', mirror])
  return {
    folder,
    mirror,
    workFolder: join(folder, 'work'),
    git,
    commit,
    /** The text of a commit object; changed, it can be written back as another commit. */
    read: (name: string): string => git(['cat-file', 'commit', name]),
    write: (text: string): string =>
      git(['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], text).trim(),
  }
}
