import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import type { DatabaseTables } from '../../engine/core/contracts/database-tables.ts'
import type {
  Endpoints,
  FileEntry,
  Mailer,
  MailMessage,
  MailReceipt,
  ObjectEntry,
  ObjectPut,
  ObjectStore,
  PutRequest,
  RemoteFiles,
} from '../../engine/core/contracts/endpoints.ts'
import type { HttpClient } from '../../engine/core/contracts/http.ts'
import type { Keys } from '../../engine/core/contracts/keys.ts'
import { JobsdError } from '../../engine/core/errors.ts'

type Call =
  `${'list' | 'stat' | 'fetch' | 'hash' | 'put' | 'named' | 'move' | 'head' | 'remove' | 'link'} ${string}`

/** What a test may do to a fake besides the contract: look at its calls, and run code before one. */
export interface Observed {
  /** `put /a/b.csv`, in order. */
  readonly calls: Call[]
  /** Runs before each call that takes effect; throws in the target's name, or changes what is there. */
  before: (call: Call) => void | Promise<void>
}

export interface MemoryFiles extends RemoteFiles, Observed {
  /** Every file by its path. */
  readonly files: Map<string, { bytes: Buffer; mtimeMs: number; kind: FileEntry['kind'] }>
  /** Writes as somebody else would. */
  drop(path: string, text: string, mtimeMs?: number, kind?: FileEntry['kind']): void
}

export function createMemoryFiles(): MemoryFiles {
  const files: MemoryFiles['files'] = new Map()
  const { meet, observed } = observe()

  const entryOf = (path: string): FileEntry | undefined => {
    const file = files.get(path)
    if (file === undefined) return undefined
    const { bytes, mtimeMs, kind } = file
    return { name: path.slice(path.lastIndexOf('/') + 1), path, size: bytes.length, mtimeMs, kind }
  }
  const bytesOf = (path: string): Buffer => {
    const file = files.get(path)
    if (file?.kind !== 'file') throw new JobsdError('FILE_MISSING', { path })
    return file.bytes
  }

  return Object.assign(observed, {
    files,
    drop(path: string, text: string, mtimeMs = 0, kind: FileEntry['kind'] = 'file') {
      files.set(path, { bytes: Buffer.from(text), mtimeMs, kind })
    },
    async list(folder: string) {
      await meet(`list ${folder}`)
      const isInside = (path: string) =>
        path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/')
      return [...files.keys()]
        .filter(isInside)
        .sort()
        .map((path) => entryOf(path)!)
    },
    async stat(path: string) {
      await meet(`stat ${path}`)
      return entryOf(path)
    },
    async fetch(path: string, localPath: string) {
      await meet(`fetch ${path}`)
      const bytes = bytesOf(path)
      await writeFile(localPath, bytes, { flag: 'wx' })
      return { size: bytes.length, sha256: sha256Of(bytes) }
    },
    async hash(path: string) {
      await meet(`hash ${path}`)
      return files.has(path) ? sha256Of(bytesOf(path)) : undefined
    },
    async put({ path: asked, localPath, size, sha256, overwrite, naming }: PutRequest) {
      await meet(`put ${asked}`)
      const bytes = await readWhole(localPath, size, sha256, asked)
      let path = asked
      for (let number = 2; overwrite === 'rename' && files.has(path); number++)
        path = asked.replace(/(?=\.[^.]*$)/, `-${number}`)
      if (overwrite === 'rename') await naming?.(path)
      refuseExisting(path, files.get(path)?.bytes, bytes, overwrite)
      files.set(path, { bytes, mtimeMs: 0, kind: 'file' })
      if (overwrite === 'rename') await meet(`named ${path}`)
      return `put ${size} bytes to ${path}`
    },
    async move(from: string, to: string, overwrite: 'fail' | 'replace') {
      await meet(`move ${from}`)
      const file = files.get(from)
      if (file === undefined) throw new JobsdError('FILE_MISSING', { path: from })
      if (overwrite === 'fail' && files.has(to)) throw new JobsdError('FILE_EXISTS', { path: to })
      files.delete(from)
      files.set(to, file)
    },
    async remove(path: string) {
      await meet(`remove ${path}`)
      const file = files.get(path)
      if (file === undefined) return
      if (file.kind !== 'file')
        throw new JobsdError('TARGET_REFUSED', { connection: 'memory', path, reason: 'no file' })
      files.delete(path)
    },
  })
}

export interface MemoryObjects extends ObjectStore, Observed {
  readonly objects: Map<
    string,
    { bytes: Buffer; mediaType: string; tags?: Record<string, string>; mtimeMs?: number }
  >
}

export function createMemoryObjects(): MemoryObjects {
  const objects: MemoryObjects['objects'] = new Map()
  const { meet, observed } = observe()
  return Object.assign(observed, {
    objects,
    async head(key: string) {
      await meet(`head ${key}`)
      const object = objects.get(key)
      return object && { size: object.bytes.length, sha256: sha256Of(object.bytes) }
    },
    async put({ key, localPath, size, sha256, mediaType, overwrite, tags }: ObjectPut) {
      await meet(`put ${key}`)
      const bytes = await readWhole(localPath, size, sha256, key)
      refuseExisting(key, objects.get(key)?.bytes, bytes, overwrite)
      objects.set(key, { bytes, mediaType, ...(tags && { tags }) })
      return `put ${size} bytes`
    },
    async list(prefix: string) {
      await meet(`list ${prefix}`)
      const entries = [...objects].filter(([key]) => key.startsWith(prefix))
      return entries.sort().map(([key, { bytes, mtimeMs = 0 }]) => ({
        key,
        size: bytes.length,
        mtimeMs,
        version: sha256Of(bytes),
      }))
    },
    async fetch({ key, version }: ObjectEntry, localPath: string) {
      await meet(`fetch ${key}`)
      const object = objects.get(key)
      if (object === undefined) throw new JobsdError('FILE_MISSING', { path: key })
      const sha256 = sha256Of(object.bytes)
      if (version !== sha256) throw new JobsdError('TARGET_BUSY', { connection: 'memory', reason: 'changed' })
      await writeFile(localPath, object.bytes, { flag: 'wx' })
      return { size: object.bytes.length, sha256 }
    },
    async remove(key: string) {
      await meet(`remove ${key}`)
      objects.delete(key)
    },
    async link(key: string, seconds: number) {
      await meet(`link ${key}`)
      return `https://store.example/${encodeURI(key)}?a=1&seconds=${seconds}`
    },
  })
}

export interface MemoryMailer extends Mailer {
  /** Every mail that was taken, its attachments as text. */
  readonly mails: (MailMessage & { contents: string[] })[]
  /** Decides on a mail once it was transmitted; throws in the server's name. */
  answer: (message: MailMessage) => MailReceipt | Promise<MailReceipt>
}

export function createMemoryMailer(): MemoryMailer {
  const mails: MemoryMailer['mails'] = []
  const mailer: MemoryMailer = {
    mails,
    answer: ({ to, cc, bcc }) => ({ accepted: [...to, ...cc, ...bcc], rejected: [], response: '250 OK' }),
    async send(message, transmitting) {
      const contents = message.attachments.map(({ localPath }) => readFile(localPath, 'utf8'))
      const mail = { ...message, contents: await Promise.all(contents) }
      await transmitting()
      mails.push(mail)
      return await mailer.answer(message)
    },
  }
  return mailer
}

/** Endpoints by connection name; a name that is not given is a mistake of the test. */
export function createMemoryEndpoints(known: {
  files?: Record<string, RemoteFiles>
  objects?: Record<string, ObjectStore>
  mailers?: Record<string, Mailer>
  http?: Record<string, HttpClient>
  keys?: Keys
  tables?: Record<string, DatabaseTables>
}): Endpoints {
  const find = <T>(named: Record<string, T> | undefined, name: string): T => {
    const found = named?.[name]
    if (found === undefined) throw new Error(`the test has no endpoint ${name}`)
    return found
  }
  return {
    files: ({ name }) => find(known.files, name),
    objects: ({ name }) => find(known.objects, name),
    mailer: ({ name }) => find(known.mailers, name),
    http: ({ name }) => find(known.http, name),
    get keys() {
      return find({ keys: known.keys! }, 'keys')
    },
    tables: ({ name }) => find(known.tables, name),
    close: () => Promise.resolve(),
  }
}

export function sha256Of(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function observe() {
  const calls: Call[] = []
  const observed: Observed = { calls, before: () => undefined }
  const meet = async (call: Call): Promise<void> => {
    calls.push(call)
    await observed.before(call)
  }
  return { meet, observed }
}

async function readWhole(localPath: string, size: number, sha256: string, path: string): Promise<Buffer> {
  const bytes = await readFile(localPath)
  if (bytes.length !== size || sha256Of(bytes) !== sha256) {
    throw new JobsdError('VERIFY_FAILED', { path, reason: 'the request does not fit the file' })
  }
  return bytes
}

function refuseExisting(
  path: string,
  there: Buffer | undefined,
  bytes: Buffer,
  overwrite: PutRequest['overwrite'],
): void {
  if (there === undefined || overwrite === 'replace') return
  if (overwrite === 'fail' || !there.equals(bytes)) throw new JobsdError('FILE_EXISTS', { path })
}
