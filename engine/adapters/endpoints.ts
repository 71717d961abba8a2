/** Opens connections by their documents: equal documents share one set of sessions. */
import type { Endpoints } from '../core/contracts/endpoints.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import type { Connection } from '../core/manifest.ts'
import { createLocalFiles } from './local-files.ts'
import { createS3Objects } from './s3-objects.ts'
import { createSftpFiles } from './sftp-files.ts'
import { createSmtpMailer } from './smtp-mailer.ts'

/** Every session is opened on first use and closed by `close`. */
export function createEndpoints(services: { secrets: Secrets; clock: Clock }): Endpoints {
  const open = new Map<string, { close?(): Promise<void> | void }>()

  function shared<T extends { close?(): Promise<void> | void }>(connection: Connection, create: () => T): T {
    const key = JSON.stringify(connection)
    const known = open.get(key) as T | undefined
    if (known) return known
    const created = create()
    open.set(key, created)
    return created
  }

  return {
    files(connection) {
      if (connection.type === 'sftp') return shared(connection, () => createSftpFiles(connection, services))
      if (connection.type === 'folder') return createLocalFiles(connection)
      throw wrongType(connection, 'sftp or folder')
    },
    objects(connection) {
      if (connection.type === 's3') return shared(connection, () => createS3Objects(connection, services))
      throw wrongType(connection, 's3')
    },
    mailer(connection) {
      if (connection.type === 'smtp') return shared(connection, () => createSmtpMailer(connection, services))
      throw wrongType(connection, 'smtp')
    },
    async close() {
      await Promise.all([...open.values()].map((each) => each.close?.()))
      open.clear()
    },
  }
}

/** A rule of `validate` refuses such a job, so meeting one here is a bug. */
function wrongType(connection: Connection, allowed: string): Error {
  return new Error(`connection ${connection.name} is of type ${connection.type}, not ${allowed}`)
}
