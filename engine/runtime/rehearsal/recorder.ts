/** Endpoints that keep what they are given: nothing leaves the machine. */
import { posix } from 'node:path'
import type { Endpoints, MailMessage, PutRequest } from '../../core/contracts/endpoints.ts'
import { JobsdError } from '../../core/errors.ts'
import type { Connection, SmtpConnection } from '../../core/manifest.ts'
import type { RunFile, Step, StepOf } from '../../core/model.ts'
import { describeAttachment } from './kept-attachments.ts'
import { freePlace, type Kept, keptFiles, keptObjects } from './kept-files.ts'
import { keptRequests } from './kept-requests.ts'
import { sealOf } from './seals.ts'
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
  /** See sealOf; absent where it is sent as it is. */
  seal?: string
}

/** A mail as its server would have been given it. */
export interface SentMail extends Sent {
  type: 'smtp'
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  attachments: Pick<SentFile, 'fileName' | 'size' | 'sha256' | 'rows' | 'seal'>[]
}

export interface Move {
  step: string
  connection: string
  from: string
  to: string
}

/** A file or object that is deleted for good. */
export interface Deletion {
  step: string
  connection: string
  path: string
}

/** What a step of type notify tells, and whom. */
export interface Notice {
  step: string
  to: StepOf<'notify'>['to']
  /** Beside the operators. */
  recipients: string[]
  level: 'info' | 'warning'
  message: string
}

/** What is handed over with a delivery while its bytes are there. */
export type Capture =
  | { sent: SentFile; localPath: string }
  | { sent: SentMail; message: MailMessage; mime: Uint8Array; connection: SmtpConnection }

export interface RecorderParts {
  /** The mail's bytes, addresses checked, as they would go to the server. */
  buildMail(connection: SmtpConnection, message: MailMessage): Promise<Uint8Array>
  capture(capture: Capture): Promise<void>
  /** Of the job: what made a file tells how it would be sent. */
  steps: readonly Step[]
}

type PutFile = Omit<Kept, 'mtimeMs'> & Pick<PutRequest, 'overwrite' | 'naming'>

export interface Recorder {
  sent: (SentFile | SentMail)[]
  moves: Move[]
  deletions: Deletion[]
  notices: Notice[]
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
  const deletions: Deletion[] = []

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
      const offered = files.filter((file) => file.sha256 === sha256)
      const rows = offered[0]?.rows ?? null
      // Encrypted here it is the same bytes under another name.
      const made = offered.find((file) => file.fileName === posix.basename(asked)) ?? offered[0]
      const seal = made && sealOf(made, parts.steps)
      const record: SentFile = {
        step,
        type,
        connection: name,
        place,
        fileName,
        rows,
        size,
        sha256,
        ...(seal !== undefined && { seal }),
      }
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
        message.attachments.map((each) => describeAttachment(each, files, parts.steps)),
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
        return keptFiles(there, {
          put: (path, request) => put(connection as Connection & { type: 'sftp' | 'folder' }, path, request),
          take: (path, file, overwrite) => void take(there, path, file, overwrite),
          onMove: (from, to) => moves.push({ step, connection: connection.name, from, to }),
          onDelete: (path) => deletions.push({ step, connection: connection.name, path }),
        })
      },
      objects(connection) {
        const there = keptAt(connection.name)
        return {
          ...keptObjects(there, (path) => deletions.push({ step, connection: connection.name, path })),
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
        keptRequests({ step, connection: name, files, steps: parts.steps }, async (capture) => {
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
    deletions,
    notices: [],
    place: (connection, path, file) => void keptAt(connection).set(path, file),
    placesAt: (connection) => [...keptAt(connection).keys()],
    endpointsFor,
  }
}
