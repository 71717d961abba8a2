/** An SFTP server in memory that does what a test's script says. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerConfig, type SFTPWrapper } from 'ssh2'
import { announceExtensions, readTexts } from '../../scripts/demo/sftp-extensions.ts'
import { generateSshKey } from '../../scripts/demo/ssh-key.ts'

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp
const FOLDER_MODE = 0o040755
const FILE_MODE = 0o100644

export type RequestName =
  | 'OPEN'
  | 'WRITE'
  | 'READ'
  | 'FSTAT'
  | 'FSETSTAT'
  | 'LSTAT'
  | 'STAT'
  | 'CLOSE'
  | 'REMOVE'
  | 'RENAME'
  | 'posix-rename@openssh.com'
  | 'hardlink@openssh.com'
  | 'fsync@openssh.com'
  | 'MKDIR'
  | 'OPENDIR'
  | 'READDIR'

/** What becomes of a request: done, refused with a status, never answered, or the connection is cut. */
export type Verdict = 'ok' | 'stall' | 'close' | { status: number; text?: string }

export interface SftpScript {
  /** Asked for each request with how many of its kind there were, from 1. */
  on?(name: RequestName, ordinal: number): Verdict
  /** How many bytes of a write are kept, though all are acknowledged. */
  keep?(length: number): number
  /** The size that is told of a file. */
  tellSize?(size: number): number
  /** A rename replaces what is there, against the protocol. */
  renameReplaces?: boolean
  /** The extensions it says it has; otherwise none. It has all of RequestName. */
  announces?: string[]
  /** What is told of a change of permissions that is not made. */
  ignoresMode?: boolean
  /** Writes beyond this many bytes in all are refused as on a full disk. */
  capacity?: number
  /** Answers are sent in batches of this many, the last one first. */
  reverse?: number
  /** The names that any listing has. */
  names?: Iterable<string>
  /** Says of each attempt to log in whether it is accepted; otherwise all are. */
  login?(context: AuthContext): boolean | undefined
  /** The ways that are offered after a refusal. */
  ways?: AuthContext['method'][]
  algorithms?: ServerConfig['algorithms']
}

export interface ScriptedSftp {
  port: number
  hostKeyFingerprint: string
  /** The bytes of each file by its path. */
  readonly files: Map<string, Buffer>
  readonly modes: Map<string, number>
  readonly folders: Set<string>
  /** Every attempt to log in that arrived, `none` too. */
  readonly logins: string[]
  /** How many requests of a kind arrived. */
  count(name: RequestName): number
  close(): Promise<void>
}

export async function startScriptedSftp(script: SftpScript, hostKeys?: string[]): Promise<ScriptedSftp> {
  const keys = hostKeys ?? [generateSshKey().private]
  const files = new Map<string, Buffer>()
  const modes = new Map<string, number>()
  const folders = new Set(['/'])
  const logins: string[] = []
  const counts = new Map<RequestName, number>()
  const sockets = new Set<Socket>()
  let written = 0

  const ssh = new ssh2.Server({ hostKeys: keys, ...(script.algorithms && { algorithms: script.algorithms }) })
  ssh.on('connection', (client: Connection) => {
    client.on('error', () => {})
    client.on('authentication', (context) => {
      logins.push(context.method)
      const verdict = script.login ? script.login(context) : context.method !== 'none'
      if (verdict === true) context.accept()
      else if (verdict === false) context.reject(script.ways ?? ['password', 'publickey'])
    })
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => serve(acceptSftp()))
    })
  })
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    ssh.injectSocket(socket)
  })
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }

  function serve(sftp: SFTPWrapper): void {
    if (script.announces) announceExtensions(sftp, script.announces)
    const handles = new Map<string, { path: string; left?: Iterator<string> }>()
    const held: (() => void)[] = []
    let idle: NodeJS.Immediate | undefined
    const flush = () => {
      for (const send of held.splice(0).reverse()) send()
    }
    const reply = (send: () => void) => {
      if (!script.reverse) return send()
      held.push(send)
      if (held.length >= script.reverse) return flush()
      clearImmediate(idle)
      idle = setImmediate(() => setImmediate(flush))
    }
    const refuse = (request: number, status: number, text = 'Failure') =>
      reply(() => sftp.status(request, status, text))
    /** Does a request unless the script says otherwise; `work` gives the answer, or a status. */
    const meet = (name: RequestName, request: number, work: () => (() => void) | number) => {
      const ordinal = (counts.get(name) ?? 0) + 1
      counts.set(name, ordinal)
      const verdict = script.on?.(name, ordinal) ?? 'ok'
      if (verdict === 'stall') return
      if (verdict === 'close') return cut()
      if (verdict !== 'ok') return refuse(request, verdict.status, verdict.text)
      const answer = work()
      if (typeof answer === 'number') refuse(request, answer, answer === STATUS_CODE.OK ? '' : 'Failure')
      else reply(answer)
    }
    const keep = (handle: { path: string; left?: Iterator<string> }): Buffer => {
      const id = Buffer.from(`h${counts.get('OPEN') ?? 0}-${counts.get('OPENDIR') ?? 0}`)
      handles.set(id.toString(), handle)
      return id
    }
    const attributesOf = (path: string) => {
      const bytes = files.get(path)
      const mode = bytes ? FILE_MODE & ~0o777 : FOLDER_MODE
      const size = script.tellSize?.(bytes?.length ?? 0) ?? bytes?.length ?? 0
      return {
        mode: bytes ? mode | (modes.get(path) ?? 0o644) : mode,
        size,
        uid: 0,
        gid: 0,
        atime: 0,
        mtime: 0,
      }
    }
    const look = (request: number, path: string) => () =>
      files.has(path) || folders.has(path)
        ? () => sftp.attrs(request, attributesOf(path))
        : STATUS_CODE.NO_SUCH_FILE
    const pathOf = (id: Buffer) => handles.get(id.toString())?.path ?? ''

    sftp.on('OPEN', (request, path, flags) =>
      meet('OPEN', request, () => {
        const creates = (flags & OPEN_MODE.CREAT) !== 0
        if (creates && files.has(path)) return STATUS_CODE.FAILURE
        if (!creates && !files.has(path)) return STATUS_CODE.NO_SUCH_FILE
        if (!folders.has(parentOf(path))) return STATUS_CODE.NO_SUCH_FILE
        if (creates) files.set(path, Buffer.alloc(0))
        const id = keep({ path })
        return () => sftp.handle(request, id)
      }),
    )
    sftp.on('WRITE', (request, id, offset, data) =>
      meet('WRITE', request, () => {
        if (written + data.length > (script.capacity ?? Number.POSITIVE_INFINITY)) return STATUS_CODE.FAILURE
        written += data.length
        const kept = data.subarray(0, script.keep?.(data.length) ?? data.length)
        const after = growTo(files.get(pathOf(id)) ?? Buffer.alloc(0), offset + kept.length)
        kept.copy(after, offset)
        files.set(pathOf(id), after)
        return STATUS_CODE.OK
      }),
    )
    sftp.on('READ', (request, id, offset, length) =>
      meet('READ', request, () => {
        const part = files.get(pathOf(id))?.subarray(offset, offset + length)
        return part && part.length > 0 ? () => sftp.data(request, part) : STATUS_CODE.EOF
      }),
    )
    sftp.on('FSTAT', (request, id) => meet('FSTAT', request, look(request, pathOf(id))))
    sftp.on('LSTAT', (request, path) => meet('LSTAT', request, look(request, path)))
    sftp.on('STAT', (request, path) => meet('STAT', request, look(request, path)))
    sftp.on('FSETSTAT', (request, id, { mode }) =>
      meet('FSETSTAT', request, () => {
        if (mode !== undefined && !script.ignoresMode) modes.set(pathOf(id), mode & 0o777)
        return STATUS_CODE.OK
      }),
    )
    sftp.on('CLOSE', (request) => meet('CLOSE', request, () => STATUS_CODE.OK))
    sftp.on('REMOVE', (request, path) =>
      meet('REMOVE', request, () => (files.delete(path) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE)),
    )
    sftp.on('RENAME', (request, from, to) =>
      meet('RENAME', request, () => {
        const bytes = files.get(from)
        if (!bytes) return STATUS_CODE.NO_SUCH_FILE
        if (files.has(to) && !script.renameReplaces) return STATUS_CODE.FAILURE
        files.delete(from)
        files.set(to, bytes)
        modes.set(to, modes.get(from) ?? 0o644)
        return STATUS_CODE.OK
      }),
    )
    sftp.on('EXTENDED', (request: number, name: RequestName, data: Buffer) =>
      meet(name, request, () => {
        if (name === 'fsync@openssh.com') return STATUS_CODE.OK
        const [from = '', to = ''] = readTexts(data)
        const bytes = files.get(from)
        if (!bytes) return STATUS_CODE.NO_SUCH_FILE
        if (name === 'hardlink@openssh.com' && files.has(to)) return STATUS_CODE.FAILURE
        if (name !== 'hardlink@openssh.com') files.delete(from)
        files.set(to, bytes)
        return STATUS_CODE.OK
      }),
    )
    sftp.on('MKDIR', (request, path) =>
      meet('MKDIR', request, () => {
        if (!folders.has(parentOf(path))) return STATUS_CODE.NO_SUCH_FILE
        folders.add(path)
        return STATUS_CODE.OK
      }),
    )
    sftp.on('OPENDIR', (request, path) =>
      meet('OPENDIR', request, () => {
        if (!folders.has(path)) return STATUS_CODE.NO_SUCH_FILE
        const own = [...files.keys()].filter((file) => parentOf(file) === path)
        const names = script.names ?? own.map((file) => file.slice(file.lastIndexOf('/') + 1))
        const id = keep({ path, left: names[Symbol.iterator]() })
        return () => sftp.handle(request, id)
      }),
    )
    sftp.on('READDIR', (request, id) =>
      meet('READDIR', request, () => {
        const page: string[] = []
        const left = handles.get(id.toString())?.left
        for (
          let next = left?.next();
          next && !next.done;
          next = page.length < 1000 ? left?.next() : undefined
        )
          page.push(next.value)
        if (page.length === 0) return STATUS_CODE.EOF
        const attrs = { mode: FILE_MODE, size: 1, uid: 0, gid: 0, atime: 0, mtime: 0 }
        return () =>
          sftp.name(
            request,
            page.map((filename) => ({ filename, longname: filename, attrs })),
          )
      }),
    )
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as AddressInfo).port,
    hostKeyFingerprint: fingerprintOf(keys[0]!),
    files,
    modes,
    folders,
    logins,
    count: (name) => counts.get(name) ?? 0,
    async close() {
      const closed = [...sockets].map((socket) => once(socket, 'close'))
      cut()
      await Promise.all([new Promise((resolve) => listener.close(resolve)), ...closed])
    },
  }
}

/** The bytes with room for at least that many, zeros at the end; in place where there is room behind them. */
function growTo(bytes: Buffer, size: number): Buffer {
  if (size <= bytes.length) return bytes
  if (bytes.byteOffset === 0 && bytes.buffer.byteLength >= size) return Buffer.from(bytes.buffer, 0, size)
  const grown = Buffer.from(new ArrayBuffer(2 * size), 0, size)
  bytes.copy(grown)
  return grown
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** The fingerprint of a key as `ssh-keygen -l` prints it. */
function fingerprintOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  const digest = createHash('sha256').update(key.getPublicSSH()).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}
