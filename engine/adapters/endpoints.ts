/** Opens connections by their documents: equal documents share one set of sessions. */
import type { DatabaseTables } from '../core/contracts/database-tables.ts'
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { HttpClient } from '../core/contracts/http.ts'
import type { Clock, Log, Secrets } from '../core/contracts/services.ts'
import type { Connection } from '../core/manifest.ts'
import { createHttpClient } from './http-client.ts'
import { createKeys } from './keys.ts'
import { createLocalFiles } from './local-files.ts'
import { createPace, limitCalls } from './pace.ts'
import { createPostgresTables } from './postgres-tables.ts'
import { createS3Objects } from './s3-objects.ts'
import { createSftpFiles } from './sftp-files.ts'
import { createSmtpMailer } from './smtp-mailer.ts'

const objectsAtOnce = 16
const requestsAtOnce = 10

/** Every session is opened on first use and closed by `close`. */
export function createEndpoints(services: { secrets: Secrets; clock: Clock; log?: Log }): Endpoints {
  const closed = new AbortController()
  const open = new Map<string, { close?(): Promise<void> | void }>()

  function shared<T extends { close?(): Promise<void> | void }>(connection: Connection, create: () => T): T {
    const key = JSON.stringify(connection)
    const known = open.get(key) as T | undefined
    if (known) return known
    const created = create()
    open.set(key, created)
    return created
  }

  const paceOf = (perMinute?: number) =>
    perMinute === undefined ? undefined : createPace(perMinute, services.clock, closed.signal)

  return {
    files(connection) {
      if (connection.type === 'sftp') return shared(connection, () => createSftpFiles(connection, services))
      if (connection.type === 'folder') return createLocalFiles(connection)
      throw wrongType(connection, 'sftp or folder')
    },
    objects(connection) {
      if (connection.type === 's3')
        return shared(connection, () =>
          limitCalls(createS3Objects(connection, services), ['put', 'fetch'], {
            atOnce: connection.maxConnections ?? objectsAtOnce,
          }),
        )
      throw wrongType(connection, 's3')
    },
    mailer(connection) {
      if (connection.type === 'smtp')
        return shared(connection, () =>
          createSmtpMailer(connection, { ...services, turn: paceOf(connection.maxPerMinute) }),
        )
      throw wrongType(connection, 'smtp')
    },
    http(connection) {
      if (connection.type === 'http')
        return shared(connection, (): HttpClient & { close?(): void } =>
          limitCalls(createHttpClient(connection, services), ['send'], {
            atOnce: connection.maxConnections ?? requestsAtOnce,
            turn: paceOf(connection.maxPerMinute),
          }),
        )
      throw wrongType(connection, 'http')
    },
    keys: createKeys(services),
    tables(connection) {
      if (connection.type === 'dataset' && connection.format === 'postgres')
        return shared(connection, (): DatabaseTables & { close?(): void } =>
          createPostgresTables(connection, services),
        )
      throw wrongType(connection, 'dataset with format postgres')
    },
    async close() {
      closed.abort()
      await Promise.all([...open.values()].map((each) => each.close?.()))
      open.clear()
    },
  }
}

/** A rule of `validate` refuses such a job, so meeting one here is a bug. */
function wrongType(connection: Connection, allowed: string): Error {
  return new Error(`connection ${connection.name} is of type ${connection.type}, not ${allowed}`)
}
