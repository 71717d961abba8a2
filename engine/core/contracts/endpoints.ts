/** What the engine asks of the systems it delivers to. Every implementation passes test/contracts. */
import type { Connection } from '../manifest.ts'
import type { Sha256 } from '../model.ts'
import type { DatabaseTables } from './database-tables.ts'
import type { HttpClient } from './http.ts'
import type { Keys } from './keys.ts'

export interface FileEntry {
  name: string
  /** Absolute within the connection's root. */
  path: string
  size: number
  mtimeMs: number
  /** Symbolic links, devices and the like are `other`: nothing follows them. */
  kind: 'file' | 'folder' | 'other'
}

/** A local file's bytes on their way to a target. */
export interface PutRequest {
  /** Absolute within the connection's root; its folder is made if it is missing. */
  path: string
  localPath: string
  size: number
  sha256: Sha256
  /** Names the temporary file, so that a repeated put takes over what an earlier one left. */
  key: string
  /** `rename` gives it the first free name: `a.csv`, else `a-2.csv`, `a-3.csv` and so on. */
  overwrite: 'fail' | 'replace' | 'skip-if-same' | 'rename'
  /** What is compared before the file gets its name: its size (default), or what is read back of it. */
  verify?: 'size' | 'sha256'
  /** The file's permission bits, such as 0o640; without it they are the server's choice. */
  mode?: number
  /** With `rename`, awaited right before the file gets this name: until then it has none. */
  naming?(path: string): Promise<void>
}

/** A tree of files: an SFTP server's or a local folder's. Paths are absolute within the connection's root, `/`-separated. */
export interface RemoteFiles {
  /** Lists a folder, one entry a name, sorted by name. Throws FILE_MISSING for no such folder. */
  list(folder: string, signal: AbortSignal): Promise<FileEntry[]>
  /** Looks at one path without following a link; undefined where nothing is. */
  stat(path: string, signal: AbortSignal): Promise<FileEntry | undefined>
  /** Reads a file into a new local file and returns its size and sha256. Throws FILE_MISSING; refuses links. */
  fetch(path: string, localPath: string, signal: AbortSignal): Promise<{ size: number; sha256: Sha256 }>
  /** Reads a file and returns the sha256 of what is there; undefined where nothing is. */
  hash(path: string, signal: AbortSignal): Promise<Sha256 | undefined>
  /**
   * Puts a file so that readers never see half of it: a temporary name in the same folder, verified, then renamed.
   * Replaces nothing unless asked; throws FILE_EXISTS. Returns a sentence on what was done.
   */
  put(request: PutRequest, signal: AbortSignal): Promise<string>
  /** Renames within the connection, making the folder; throws FILE_EXISTS unless asked to replace, FILE_MISSING. */
  move(from: string, to: string, overwrite: 'fail' | 'replace', signal: AbortSignal): Promise<void>
  /** Deletes a plain file for good; content where nothing is. Throws TARGET_REFUSED for a folder, a link or the like. */
  remove(path: string, signal: AbortSignal): Promise<void>
  /**
   * Calls `onChange` soon after something changed in a folder, until the signal aborts: a hint that may be missing or
   * come for nothing. Resolves at once; absent where a server cannot tell.
   */
  hint?(folder: string, onChange: () => void, signal: AbortSignal): Promise<void>
}

/** One bucket. Keys are without the connection's prefix. */
export interface ObjectStore {
  /** Looks at an object; undefined where none is. `sha256` is what was recorded with it by `put`. */
  head(key: string, signal: AbortSignal): Promise<{ size: number; sha256: Sha256 | undefined } | undefined>
  /** Puts an object whole or not at all, its checksum verified by the store. Throws FILE_EXISTS unless asked to replace. */
  put(request: ObjectPut, signal: AbortSignal): Promise<string>
  /** Lists the objects whose keys begin so, by key; none of a folder's marker. Throws TARGET_REFUSED for 100,000 or more. */
  list(prefix: string, signal: AbortSignal): Promise<ObjectEntry[]>
  /**
   * Copies an object into a new local file and returns its size and sha256, verified by all that the store tells of it.
   * Never bytes of two versions. Throws FILE_MISSING, TARGET_BUSY where it is not the one that was listed any more.
   */
  fetch(
    object: ObjectEntry,
    localPath: string,
    signal: AbortSignal,
  ): Promise<{ size: number; sha256: Sha256 }>
  /** Deletes an object; content where none is. */
  remove(key: string, signal: AbortSignal): Promise<void>
  /**
   * A URL by which anybody can download an object for so many seconds, as a file of the key's last name; at most 7 days,
   * and no longer than the connection's keys are good for. Whether the object is there is not looked at.
   */
  link(key: string, seconds: number, signal: AbortSignal): Promise<string>
}

/** An object as it was listed. */
export interface ObjectEntry {
  key: string
  size: number
  /** When it was written, by the store's clock. */
  mtimeMs: number
  /** Stands for its content; absent where the store gives none. */
  version?: string
}

export interface ObjectPut {
  key: string
  localPath: string
  size: number
  sha256: Sha256
  mediaType: string
  overwrite: 'fail' | 'replace' | 'skip-if-same'
  tags?: Record<string, string>
}

export interface MailMessage {
  /** `<...@domain>`: the same mail has the same id for ever. */
  messageId: string
  date: Date
  to: string[]
  cc: string[]
  bcc: string[]
  replyTo: string | null
  subject: string
  /** Default normal. */
  priority?: 'high' | 'normal' | 'low'
  html: string
  text: string
  /** Further headers, of plain ASCII words. */
  headers?: Record<string, string>
  attachments: { fileName: string; mediaType: string; localPath: string }[]
  /** Shown within the HTML, which names each as `cid:<id>`. */
  images?: { id: string; fileName: string; mediaType: string; content: Uint8Array }[]
}

/** A mail server's answer for each recipient. */
export interface MailReceipt {
  accepted: string[]
  rejected: { address: string; response: string }[]
  /** The server's last line. */
  response: string
}

export interface Mailer {
  /**
   * Sends one mail. `transmitting` is awaited right before the server is given the message's last byte's chance:
   * before it resolves the mail cannot have been taken, after it only an answer tells.
   * Throws MAIL_IN_DOUBT where the answer never came, MAIL_REFUSED where no recipient was accepted.
   */
  send(message: MailMessage, transmitting: () => Promise<void>, signal: AbortSignal): Promise<MailReceipt>
}

/** Opens connections by their documents; sessions are shared and reused within limits. */
export interface Endpoints {
  /** For a Connection of type sftp or folder. */
  files(connection: Connection): RemoteFiles
  /** For a Connection of type s3. */
  objects(connection: Connection): ObjectStore
  /** For a Connection of type smtp. */
  mailer(connection: Connection): Mailer
  /** For a Connection of type http. */
  http(connection: Connection): HttpClient
  /** For Connections of type key. */
  keys: Keys
  /** For a Connection of type dataset with format postgres. */
  tables(connection: Connection): DatabaseTables
  /** Ends every session. */
  close(): Promise<void>
}
