/** One session with a PostgreSQL server: every act has a deadline, and ends there too when it ends here. */
import { createWriteStream } from 'node:fs'
import { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { TLSSocket } from 'node:tls'
import { Client, type ClientConfig } from 'pg'
import { to } from 'pg-copy-streams'
import type { Secrets } from '../core/contracts/services.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { PostgresDatasetConnection } from '../core/manifest.ts'
import { cancelStatement } from './postgres-cancel.ts'
import { translatePostgresFailure } from './postgres-errors.ts'

const connectMs = 15_000
/** For the server's own timeout to be told over the network. */
const graceMs = 10_000

/** Where an error belongs: what is read, and for which report. */
export interface Subject {
  path: string
  report: string | null
}

export interface PostgresSession {
  /** The version of TLS; null without. */
  tls: string | null
  /** Of one statement, as the connection says. */
  timeoutMs: number
  /** Runs one statement, its values bound. Throws what the server's answer means. */
  query(subject: Subject, text: string, values?: unknown[]): Promise<Record<string, string | null>[]>
  /** Writes what COPY TO STDOUT gives to a new file and returns its bytes; `count` may throw for too many. */
  copyTo(subject: Subject, statement: string, path: string, count: (bytes: number) => void): Promise<void>
  /** Ends it, whatever is under way; a transaction is rolled back. */
  close(): Promise<void>
}

/**
 * Logs in. From then on every act rejects with the signal's reason once it aborts, its statement cancelled. Throws
 * AUTH_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, TARGET_BUSY, TARGET_REFUSED, and what secrets throw.
 */
export async function openPostgres(
  connection: PostgresDatasetConnection,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<PostgresSession> {
  const { name, host, port = 5432, database, username, ca } = connection
  const password = await secrets.resolve(connection.password.secret)
  signal.throwIfAborted()
  const socket = new Socket()
  const client = createClient({
    host,
    port,
    database,
    user: username,
    password: password.reveal(),
    application_name: 'jobsd',
    client_encoding: 'UTF8',
    ssl:
      connection.tls === 'none'
        ? false
        : { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca && { ca }) },
    keepAlive: true,
    stream: () => socket,
  })
  // The act under way is told by `pg` itself; between two acts nobody waits for it, the next one meets it.
  client.on('error', () => {})
  const timeoutMs = parseDuration(connection.statementTimeout ?? '10m')
  const cancelled: Promise<void>[] = []
  let isActive = false

  function destroy(): void {
    client.connection.stream.destroy()
    socket.destroy()
  }

  /** Waits for one act. If it must end early, the server is told before the session is torn. */
  async function act<T>(subject: Subject, limitMs: number, run: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const early = Promise.withResolvers<never>()
    const end = (reason: unknown) => {
      if (isActive) cancelled.push(cancelStatement(client, { host, port }))
      destroy()
      early.reject(reason)
    }
    const onAbort = () => end(signal.reason)
    const late = new JobsdError('ENDPOINT_TIMEOUT', { connection: name, timeoutMs: limitMs })
    const timer = setTimeout(() => end(late), limitMs)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([run(), early.promise])
    } catch (error) {
      // What is left of the session is of no use: a failed COPY may still be sending.
      if (signal.aborted) throw signal.reason
      throw translatePostgresFailure(error, { connection: name, timeoutMs, ...subject })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  const session: PostgresSession = {
    tls: null,
    timeoutMs,
    query: (subject, text, values = []) =>
      act(subject, timeoutMs + graceMs, async () => (await client.query(text, values)).rows),
    copyTo: (subject, statement, path, count) =>
      act(subject, timeoutMs + graceMs, async () => {
        const rows = client.query(to(statement))
        try {
          await pipeline(rows, counted(count), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
        } catch (error) {
          destroy()
          throw error
        }
      }),
    async close() {
      isActive = false
      destroy()
      await Promise.all(cancelled)
    },
  }
  try {
    await act({ path: database, report: null }, connectMs, async () => void (await client.connect()))
    isActive = true
    const { stream } = client.connection
    session.tls = stream instanceof TLSSocket ? stream.getProtocol() : null
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * A client of which the connection alone decides: what its settings leave out, `pg` takes from variables such as
 * PGOPTIONS while the client is made, and some of it cannot be set to nothing. They are back before anybody else runs.
 */
function createClient(config: ClientConfig): Client {
  const hidden = Object.entries(process.env).filter(([name]) => /^PG/i.test(name))
  for (const [name] of hidden) delete process.env[name]
  try {
    return new Client(config)
  } finally {
    Object.assign(process.env, Object.fromEntries(hidden))
  }
}

function counted(count: (bytes: number) => void) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      count(chunk.length)
      yield chunk
    }
  }
}
