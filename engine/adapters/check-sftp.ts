import { randomUUID } from 'node:crypto'
import type { Finding } from '../core/contracts/checkup.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import type { SftpConnection } from '../core/manifest.ts'
import { spellCount } from '../core/spell-count.ts'
import { joinNames } from './file-paths.ts'
import { translateStatus } from './sftp-errors.ts'
import { createSftpSession, type SftpWire } from './sftp-session.ts'
import { enterFolder, listFolder } from './sftp-tree.ts'

const extensions: [name: string, without: string][] = [
  ['posix-rename@openssh.com', 'a file is replaced by deleting it first'],
  ['fsync@openssh.com', 'nobody knows when a file is safe on its disk'],
]

/**
 * Logs in and lists the root; with `write` also makes, reads and removes a file in it. The server showed a key that
 * is pinned, else this throws HOST_KEY_CHANGED with the one it showed. Throws what connecting and listing throw.
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
      const findings: Finding[] = [{ level: 'ok', text }]
      for (const [name, without] of extensions) {
        if (!wire.announces(name))
          findings.push({ level: 'warning', text: `the server has no ${name}: ${without}` })
      }
      const root = (await enterFolder(wire, tree, [], false))!
      const entries = await listFolder(wire, tree, [])
      findings.push({
        level: 'ok',
        text: `the folder ${tree.root} has ${spellCount(entries.length, 'item')}`,
      })
      return write ? [...findings, await tryWriting(wire, root)] : findings
    })
  } catch (error) {
    throw translateStatus(error, connection.name, '/')
  } finally {
    await session.close()
  }
}

async function tryWriting(wire: SftpWire, root: string): Promise<Finding> {
  const name = `.jobsd-doctor-${randomUUID()}`
  const path = joinNames(root, [name])
  const body = Buffer.from(name)
  const back = Buffer.alloc(body.length)
  const handle = await wire.open(path, 'wx')
  try {
    await wire.ask((sftp, done) => sftp.write(handle, body, 0, body.length, 0, done))
    await wire.close(handle)
    const reader = await wire.open(path, 'r')
    await wire.ask((sftp, done) => sftp.read(reader, back, 0, back.length, 0, (error) => done(error)))
    await wire.close(reader)
  } finally {
    await wire.ask((sftp, done) => sftp.unlink(path, done))
  }
  return body.equals(back)
    ? { level: 'ok', text: 'a file was written, read back and deleted' }
    : { level: 'problem', text: 'a file read back is not what was written' }
}
