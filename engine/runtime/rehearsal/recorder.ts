/** Endpoints that keep what they are given: nothing leaves the machine. */
import { copyFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type {
  Endpoints,
  FileEntry,
  MailMessage,
  ObjectStore,
  PutRequest,
  RemoteFiles,
} from '../../core/contracts/endpoints.ts'
import { JobsdError } from '../../core/errors.ts'
import { alternativeNames } from '../../core/free-name.ts'
import type { Connection, SmtpConnection } from '../../core/manifest.ts'
import type { RunFile } from '../../core/model.ts'
import { describeAttachment } from './kept-attachments.ts'
import { keptRequests } from './kept-requests.ts'
import { standInKeys } from './stand-in-keys.ts'

interface Sent {
  step: string
  connection: string
  /** null for a mail without attachment. */
  fileName: string | null
  /** Of the report; of a mail, of all its attachments. null where no report is in it. */
  rows: number | null
}

/** A file put by SFTP, into a folder or into a bucket, or a request; `place` is its path or key, or `POST /path`. */
export interface SentFile extends Sent {
  type: 'sftp' | 'folder' | 's3' | 'http'
  place: string
  fileName: string
  size: number
  sha256: string
}

/** A mail as its server would have been given it. */
export interface SentMail extends Sent {
  type: 'smtp'
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  attachments: { fileName: string; size: number; sha256: string; rows: number | null }[]
}

export interface Move {
  step: string
  connection: string
  from: string
  to: string
}

/** What is handed over with a delivery while its bytes are there. */
export type Capture =
  | { sent: SentFile; localPath: string }
  | { sent: SentMail; message: MailMessage; mime: Uint8Array; connection: SmtpConnection }

export interface RecorderParts {
  /** The mail's bytes, addresses checked, as they would go to the server. */
  buildMail(connection: SmtpConnection, message: MailMessage): Promise<Uint8Array>
  capture(capture: Capture): Promise<void>
}

type PutFile = Omit<Kept, 'mtimeMs'> & Pick<PutRequest, 'overwrite' | 'naming'>

interface Kept {
  localPath: string
  size: number
  sha256: string
  mtimeMs: number
}

export interface Recorder {
  sent: (SentFile | SentMail)[]
  moves: Move[]
  /** Lets a file lie at a path before the run begins. */
  place(connection: string, path: string, file: Kept): void
  /** The paths or keys where something lies. */
  placesAt(connection: string): string[]
  /** The endpoints as one step sees them; `files` are those that it may deliver. */
  endpointsFor(step: string, files: RunFile[]): Endpoints
}

export function createRecorder(parts: RecorderParts): Recorder {
  const kept = new Map<string, Map<string, Kept>>()
  const sent: Recorder['sent'] = []
  const moves: Move[] = []

  function keptAt(connection: string): Map<string, Kept> {
    const known = kept.get(connection) ?? new Map<string, Kept>()
    kept.set(connection, known)
    return known
  }

  /** Takes a file in as a target does; true where it was there already. */
  function take(there: Map<string, Kept>, place: string, file: Kept, overwrite: string): boolean {
    const before = there.get(place)
    const isSame = before?.sha256 === file.sha256
    if (before && (overwrite === 'fail' || (overwrite === 'skip-if-same' && !isSame))) {
      throw new JobsdError('FILE_EXISTS', { path: place })
    }
    if (overwrite === 'skip-if-same' && isSame) return true
    there.set(place, file)
    return false
  }

  function endpointsFor(step: string, files: RunFile[]): Endpoints {
    async function put(
      connection: Connection & { type: SentFile['type'] },
      asked: string,
      { localPath, size, sha256, overwrite, naming }: PutFile,
    ): Promise<string> {
      const { name, type } = connection
      const place = overwrite === 'rename' ? freePlace(keptAt(name), asked) : asked
      if (place !== asked) await naming?.(place)
      if (take(keptAt(name), place, { localPath, size, sha256, mtimeMs: 0 }, overwrite)) {
        return 'the same file was there already'
      }
      const fileName = posix.basename(place)
      const rows = files.find((file) => file.sha256 === sha256)?.rows ?? null
      const record: SentFile = { step, type, connection: name, place, fileName, rows, size, sha256 }
      sent.push(record)
      await parts.capture({ sent: record, localPath })
      return 'kept by the rehearsal'
    }

    async function sendMail(
      connection: SmtpConnection,
      message: MailMessage,
      transmitting: () => Promise<void>,
    ): Promise<void> {
      const mime = await parts.buildMail(connection, message)
      await transmitting()
      const attachments = await Promise.all(
        message.attachments.map((each) => describeAttachment(each, files)),
      )
      const counted = attachments.flatMap(({ rows }) => (rows === null ? [] : [rows]))
      const { to, cc, bcc } = message
      // As the mail's header has it: one line.
      const subject = message.subject.replace(/\p{Cc}+/gu, ' ')
      const record: SentMail = {
        step,
        type: 'smtp',
        connection: connection.name,
        to,
        cc,
        bcc,
        subject,
        attachments,
        fileName: attachments.length === 1 ? attachments[0]!.fileName : null,
        rows: counted.length === 0 ? null : counted.reduce((sum, rows) => sum + rows),
      }
      sent.push(record)
      await parts.capture({ sent: record, message, mime, connection })
    }

    return {
      files(connection) {
        const there = keptAt(connection.name)
        return keptFiles(
          there,
          (path, request) => put(connection as Connection & { type: 'sftp' | 'folder' }, path, request),
          (from, to, overwrite) => {
            const file = there.get(from)
            if (!file) throw new JobsdError('FILE_MISSING', { path: from })
            take(there, to, file, overwrite)
            there.delete(from)
            moves.push({ step, connection: connection.name, from, to })
          },
        )
      },
      objects(connection) {
        const there = keptAt(connection.name)
        return {
          ...keptObjects(there),
          head: async (key) => there.get(key),
          put: (request) => put(connection as Connection & { type: 's3' }, request.key, request),
        }
      },
      mailer: (connection) => ({
        async send(message, transmitting) {
          await sendMail(connection as SmtpConnection, message, transmitting)
          const accepted = [...message.to, ...message.cc, ...message.bcc]
          return { accepted, rejected: [], response: '250 kept by the rehearsal' }
        },
      }),
      http: ({ name }) =>
        keptRequests({ step, connection: name, files }, async (capture) => {
          sent.push(capture.sent)
          await parts.capture(capture)
        }),
      keys: standInKeys,
      tables(connection) {
        // A test's rows are made up or the test's own; a preview that is to show the client's opens them itself.
        throw new Error(`a rehearsal opens no database, and ${connection.name} is one`)
      },
      close: async () => undefined,
    }
  }

  return {
    sent,
    moves,
    place: (connection, path, file) => void keptAt(connection).set(path, file),
    placesAt: (connection) => [...keptAt(connection).keys()],
    endpointsFor,
  }
}

function keptObjects(there: Map<string, Kept>): Pick<ObjectStore, 'list' | 'fetch' | 'remove' | 'link'> {
  return {
    list: async (prefix) =>
      [...there]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { size, mtimeMs, sha256 }]) => ({ key, size, mtimeMs, version: sha256 })),
    async fetch({ key }, localPath) {
      const file = there.get(key)
      if (!file) throw new JobsdError('FILE_MISSING', { path: key })
      await copyFile(file.localPath, localPath)
      return { size: file.size, sha256: file.sha256 }
    },
    remove: async (key) => void there.delete(key),
    link: async (key) => `https://rehearsal.invalid/${key.split('/').map(encodeURIComponent).join('/')}`,
  }
}

/** The first name that is free in its folder. */
function freePlace(there: Map<string, Kept>, path: string): string {
  for (const name of alternativeNames(posix.basename(path))) {
    const place = posix.join(posix.dirname(path), name)
    if (!there.has(place)) return place
  }
  throw new JobsdError('FILE_EXISTS', { path })
}

function keptFiles(
  there: Map<string, Kept>,
  put: (path: string, request: Parameters<RemoteFiles['put']>[0]) => Promise<string>,
  move: (from: string, to: string, overwrite: 'fail' | 'replace') => void,
): RemoteFiles {
  const entryOf = (path: string): FileEntry | undefined => {
    const file = there.get(path)
    if (!file) return undefined
    return { name: posix.basename(path), path, size: file.size, mtimeMs: file.mtimeMs, kind: 'file' }
  }
  return {
    list: async (folder) =>
      [...there.keys()]
        .filter((path) => posix.dirname(path) === (folder.replace(/\/+$/, '') || '/'))
        .sort()
        .map((path) => entryOf(path)!),
    stat: async (path) => entryOf(path),
    async fetch(path, localPath) {
      const file = there.get(path)
      if (!file) throw new JobsdError('FILE_MISSING', { path })
      await copyFile(file.localPath, localPath)
      return { size: file.size, sha256: file.sha256 }
    },
    hash: async (path) => there.get(path)?.sha256,
    put: (request) => put(request.path, request),
    move: async (from, to, overwrite) => move(from, to, overwrite),
    remove: async (path) => void there.delete(path),
  }
}
