import { randomUUID } from 'node:crypto'
import type { Stats } from 'ssh2'
import type { Finding } from '../core/contracts/checkup.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { spellCount } from '../core/spell-count.ts'
import { joinNames } from './file-paths.ts'
import { isLegacyAlgorithm } from './sftp-algorithms.ts'
import { isStatus, translateStatus } from './sftp-errors.ts'
import { POSIX_RENAME, publish } from './sftp-names.ts'
import type { SftpWire } from './sftp-operation.ts'
import { createSftpSession } from './sftp-session.ts'
import { FSYNC, removeIfThere } from './sftp-temporary.ts'
import { enterFolder, listFolder } from './sftp-tree.ts'

const extensions: [name: string, without: string][] = [
  [POSIX_RENAME, 'a file is replaced by deleting it first'],
  [FSYNC, 'nobody knows when a file is safe on its disk'],
]
/** Unlike what the server may choose for a new file. */
const MODE = 0o600

/**
 * Logs in, says what was agreed on, and lists the root; with `write` also makes a file in it, syncs it, sets its
 * permissions, reads it back, renames and removes it. The server showed a key that is pinned, else this throws
 * HOST_KEY_CHANGED with the one it showed. Throws what connecting and listing throw.
 */
export async function checkSftp(
  connection: SftpConnection,
  services: { secrets: Secrets; clock: Clock },
  write: boolean,
  signal: AbortSignal,
): Promise<Finding[]> {
  const session = createSftpSession(connection, services)
  const tree = { connection: connection.name, root: connection.root ?? '/' }
  try {
    return await session.use(signal, async (wire) => {
      const text = `logged in as ${connection.username}, the host key is a pinned one`
      const findings: Finding[] = [
        { level: 'ok', text },
        ...describeAlgorithms(session.algorithms()),
        ...describeExtensions(wire),
      ]
      const root = (await enterFolder(wire, tree, [], false))!
      const entries = await listFolder(wire, tree, [])
      findings.push({
        level: 'ok',
        text: `the folder ${tree.root} has ${spellCount(entries.length, 'item')}`,
      })
      return write ? [...findings, ...(await tryWriting(wire, root))] : findings
    })
  } catch (error) {
    throw translateStatus(error, connection.name, '/')
  } finally {
    await session.close()
  }
}

function describeAlgorithms(names: string[]): Finding[] {
  const weak = names.filter(isLegacyAlgorithm)
  return [
    { level: 'ok', text: `the connection uses ${names.join(', ')}` },
    ...weak.map(
      (name): Finding => ({ level: 'warning', text: `${name} is weak; the server offers no better` }),
    ),
  ]
}

function describeExtensions(wire: SftpWire): Finding[] {
  const there = extensions.filter(([name]) => wire.announces(name)).map(([name]) => name)
  const missing = extensions.filter(([name]) => !wire.announces(name))
  return [
    ...(there.length > 0 ? [{ level: 'ok', text: `the server has ${there.join(' and ')}` } as const] : []),
    ...missing.map(
      ([name, without]): Finding => ({ level: 'warning', text: `the server has no ${name}: ${without}` }),
    ),
  ]
}

async function tryWriting(wire: SftpWire, root: string): Promise<Finding[]> {
  const name = `.jobsd-doctor-${randomUUID()}`
  const [path, renamed] = [joinNames(root, [name]), joinNames(root, [`${name}-2`])]
  const body = Buffer.from(name)
  const back = Buffer.alloc(body.length)
  try {
    const handle = await wire.open(path, 'write-new')
    await wire.ask((sftp, done) => sftp.write(handle, body, 0, body.length, 0, done))
    if (wire.announces(FSYNC)) await wire.ask((sftp, done) => sftp.ext_openssh_fsync(handle, done))
    const setsMode = await trySettingMode(wire, handle)
    await wire.ask((sftp, done) => sftp.read(handle, back, 0, back.length, 0, (error) => done(error)))
    await wire.close(handle)
    await publish(wire, path, { real: renamed, path: '/' }, 'fail', new Set())
    const mode = 'the server does not set permissions: a step with `permissions` would fail'
    return [
      body.equals(back)
        ? { level: 'ok', text: 'a file was written, read back, renamed and deleted' }
        : { level: 'problem', text: 'a file read back is not what was written' },
      ...(setsMode ? [] : [{ level: 'warning', text: mode } as const]),
    ]
  } finally {
    await removeIfThere(wire, path)
    await removeIfThere(wire, renamed)
  }
}

async function trySettingMode(wire: SftpWire, handle: Buffer): Promise<boolean> {
  try {
    await wire.ask((sftp, done) => sftp.fsetstat(handle, { mode: MODE } as never, done))
  } catch (error) {
    if (isStatus(error)) return false
    throw error
  }
  const { mode } = await wire.ask<Stats>((sftp, done) => sftp.fstat(handle, done))
  return mode === undefined || (mode & 0o777) === MODE
}
