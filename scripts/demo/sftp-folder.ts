/** The SFTP protocol's requests on a folder. Nothing outside the folder can be reached, through links neither. */
import { constants, type Dirent, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, realpath, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join, posix, sep } from 'node:path'
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2'

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp
const PAGE = 100
const MAX_READ_BYTES = 256 * 1024

/** What becomes of a write: done, refused as on a full disk, the connection cut, or never answered. */
export type WriteVerdict = 'ok' | 'fail' | 'drop' | 'stall'

/** Requests whose answer a test can hold back. */
export type AnsweredRequest = 'OPEN' | 'OPENDIR' | 'READDIR'

interface Hooks {
  onWrite: ((path: string, bytesSoFar: number) => WriteVerdict) | undefined
  onAnswer: ((request: AnsweredRequest) => Promise<void>) | undefined
  /** Cuts the connection. */
  drop: () => void
}

type Handle =
  | { kind: 'file'; file: FileHandle; path: string; bytes: number }
  | { kind: 'folder'; entries: Dirent[]; real: string }

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Serves one SFTP channel on a folder until the channel ends. Returns how to count the handles that are open. */
export function serveFolder(sftp: SFTPWrapper, folder: string, hooks: Hooks): () => number {
  const handles = new Map<string, Handle>()
  let lastHandle = 0
  let ended = false

  function keep(handle: Handle): Buffer {
    lastHandle += 1
    const id = Buffer.alloc(4)
    id.writeUInt32BE(lastHandle)
    handles.set(id.toString('hex'), handle)
    return id
  }
  function fileOf(id: Buffer) {
    const handle = handles.get(id.toString('hex'))
    if (handle?.kind !== 'file') throw new Refusal(STATUS_CODE.FAILURE, 'no such handle')
    return handle
  }
  /** Answers a request with what `work` gives; a throw becomes a status. */
  function answer(request: number, work: () => Promise<(() => void) | undefined>): void {
    work().then(
      (reply) => {
        if (!ended) (reply ?? (() => sftp.status(request, STATUS_CODE.OK)))()
      },
      (error: unknown) => {
        if (!ended) sftp.status(request, ...statusOf(error))
      },
    )
  }
  /** The real path of a client's path; its folder must lie within ours after all links. */
  async function resolvePath(path: string): Promise<string> {
    const inside = posix.resolve('/', path)
    const root = await realpath(folder)
    if (inside === '/') return root
    const parent = await realpath(join(root, dirname(inside)))
    if (parent !== root && !parent.startsWith(root + sep))
      throw new Refusal(STATUS_CODE.PERMISSION_DENIED, 'Permission denied')
    return join(parent, basename(inside))
  }
  const attributesAt = async (path: string) => toAttributes(await lstat(await resolvePath(path)))

  sftp.on('OPEN', (request, path, flags) =>
    answer(request, async () => {
      const file = await open(
        await resolvePath(path),
        toOpenFlags(flags) | constants.O_NOFOLLOW | constants.O_NONBLOCK,
        0o644,
      )
      const id = keep({ kind: 'file', file, path: posix.resolve('/', path), bytes: 0 })
      await hooks.onAnswer?.('OPEN')
      return () => sftp.handle(request, id)
    }),
  )
  sftp.on('WRITE', (request, id, offset, data) =>
    answer(request, async () => {
      const handle = fileOf(id)
      handle.bytes += data.length
      const verdict = hooks.onWrite?.(handle.path, handle.bytes) ?? 'ok'
      if (verdict === 'fail') throw new Refusal(STATUS_CODE.FAILURE, 'No space left on device')
      if (verdict === 'drop') hooks.drop()
      if (verdict !== 'ok') return () => {}
      await handle.file.write(data, 0, data.length, offset)
      return undefined
    }),
  )
  sftp.on('READ', (request, id, offset, length) =>
    answer(request, async () => {
      const size = Math.min(length, MAX_READ_BYTES)
      const { bytesRead, buffer } = await fileOf(id).file.read(Buffer.alloc(size), 0, size, offset)
      if (bytesRead === 0) throw new Refusal(STATUS_CODE.EOF, 'End of file')
      return () => sftp.data(request, buffer.subarray(0, bytesRead))
    }),
  )
  sftp.on('FSTAT', (request, id) =>
    answer(request, async () => {
      const attributes = toAttributes(await fileOf(id).file.stat())
      return () => sftp.attrs(request, attributes)
    }),
  )
  sftp.on('FSETSTAT', (request, id, attributes) =>
    answer(request, async () => applyAttributes(fileOf(id).file, attributes)),
  )
  sftp.on('SETSTAT', (request, path, attributes) =>
    answer(request, async () => {
      const file = await open(await resolvePath(path), constants.O_RDONLY | constants.O_NOFOLLOW)
      return applyAttributes(file, attributes).finally(() => file.close())
    }),
  )
  sftp.on('CLOSE', (request, id) =>
    answer(request, async () => {
      const handle = handles.get(id.toString('hex'))
      if (!handle) throw new Refusal(STATUS_CODE.FAILURE, 'no such handle')
      handles.delete(id.toString('hex'))
      if (handle.kind === 'file') await handle.file.close()
      return undefined
    }),
  )
  sftp.on('OPENDIR', (request, path) =>
    answer(request, async () => {
      const real = await resolvePath(path)
      if ((await lstat(real)).isSymbolicLink())
        throw new Refusal(STATUS_CODE.PERMISSION_DENIED, 'links are not followed')
      const id = keep({ kind: 'folder', real, entries: await readdir(real, { withFileTypes: true }) })
      await hooks.onAnswer?.('OPENDIR')
      return () => sftp.handle(request, id)
    }),
  )
  sftp.on('READDIR', (request, id) =>
    answer(request, async () => {
      const handle = handles.get(id.toString('hex'))
      if (handle?.kind !== 'folder') throw new Refusal(STATUS_CODE.FAILURE, 'no such handle')
      await hooks.onAnswer?.('READDIR')
      const page = handle.entries.splice(0, PAGE)
      if (page.length === 0) throw new Refusal(STATUS_CODE.EOF, 'End of list')
      const names = await Promise.all(page.map(({ name }) => toListed(handle.real, name)))
      return () =>
        sftp.name(
          request,
          names.filter((name) => name !== undefined),
        )
    }),
  )
  for (const event of ['LSTAT', 'STAT'] as const)
    sftp.on(event, (request: number, path: string) =>
      answer(request, async () => {
        const attributes = await attributesAt(path)
        return () => sftp.attrs(request, attributes)
      }),
    )
  sftp.on('REALPATH', (request, path) =>
    answer(request, async () => {
      const inside = posix.resolve('/', path)
      return () => sftp.name(request, [{ filename: inside, longname: inside, attrs: {} as Attributes }])
    }),
  )
  sftp.on('REMOVE', (request, path) =>
    answer(request, async () => {
      await unlink(await resolvePath(path))
      return undefined
    }),
  )
  sftp.on('MKDIR', (request, path) =>
    answer(request, async () => {
      await mkdir(await resolvePath(path))
      return undefined
    }),
  )
  sftp.on('RMDIR', (request, path) =>
    answer(request, async () => {
      await rmdir(await resolvePath(path))
      return undefined
    }),
  )
  sftp.on('RENAME', (request, from, to) =>
    answer(request, async () => {
      const [source, target] = [await resolvePath(from), await resolvePath(to)]
      // As OpenSSH does it: a plain rename never replaces.
      await link(source, target)
      await unlink(source)
      return undefined
    }),
  )
  for (const event of ['READLINK', 'SYMLINK'] as const)
    sftp.on(event, (request: number) => sftp.status(request, STATUS_CODE.OP_UNSUPPORTED, 'no links here'))
  const end = () => {
    ended = true
    for (const handle of handles.values()) if (handle.kind === 'file') handle.file.close().catch(() => {})
    handles.clear()
  }
  sftp.on('end', end)
  sftp.on('close', end)
  sftp.on('error', end)
  return () => handles.size
}

async function applyAttributes(file: FileHandle, attributes: Attributes): Promise<undefined> {
  if (attributes.mode !== undefined) await file.chmod(attributes.mode & 0o777)
  if (attributes.size !== undefined) await file.truncate(attributes.size)
  if (attributes.mtime !== undefined) await file.utimes(attributes.atime, attributes.mtime)
}

async function toListed(folder: string, name: string) {
  const stats = await lstat(join(folder, name)).catch(() => undefined)
  if (!stats) return undefined
  const type = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : '-'
  const longname = `${type}rw-r--r-- 1 demo demo ${stats.size} Jan  1 00:00 ${name}`
  return { filename: name, longname, attrs: toAttributes(stats) }
}

function toAttributes(stats: Stats): Attributes {
  const [atime, mtime] = [Math.floor(stats.atimeMs / 1000), Math.floor(stats.mtimeMs / 1000)]
  return { mode: stats.mode, uid: stats.uid, gid: stats.gid, size: stats.size, atime, mtime }
}

function toOpenFlags(flags: number): number {
  const has = (bit: number) => (flags & bit) !== 0
  const access =
    has(OPEN_MODE.READ) && has(OPEN_MODE.WRITE)
      ? constants.O_RDWR
      : has(OPEN_MODE.WRITE)
        ? constants.O_WRONLY
        : constants.O_RDONLY
  return (
    access |
    (has(OPEN_MODE.CREAT) ? constants.O_CREAT : 0) |
    (has(OPEN_MODE.TRUNC) ? constants.O_TRUNC : 0) |
    (has(OPEN_MODE.EXCL) ? constants.O_EXCL : 0)
  )
}

function statusOf(error: unknown): [number, string] {
  if (error instanceof Refusal) return [error.status, error.message]
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [STATUS_CODE.NO_SUCH_FILE, 'No such file']
    case 'EACCES':
    case 'EPERM':
    case 'ELOOP':
      return [STATUS_CODE.PERMISSION_DENIED, 'Permission denied']
    default:
      return [STATUS_CODE.FAILURE, 'Failure']
  }
}
