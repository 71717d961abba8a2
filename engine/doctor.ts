/** Tries connections of every type. */
import type { Checkup, Finding } from './core/contracts/checkup.ts'
import type { Clock, Secrets } from './core/contracts/services.ts'
import { JobsdError } from './core/errors.ts'

const timeoutMs = 60_000

/** A checkup that ends within a minute, datasets within ten. */
export function createCheckup(services: { secrets: Secrets; clock: Clock }): Checkup {
  return async (request, interrupted) => {
    const { connection } = request
    const patienceMs = connection.type === 'dataset' ? 10 * timeoutMs : timeoutMs
    const late = AbortSignal.timeout(patienceMs)
    const signal = AbortSignal.any([interrupted, late])
    try {
      return await examine(request, services, signal)
    } catch (error) {
      if (interrupted.aborted) throw interrupted.reason
      if (late.aborted) return [{ level: 'problem', text: `no answer within ${patienceMs / 1000} s` }]
      if (!(error instanceof JobsdError)) throw error
      const hint = error.hint ? ` (${error.hint})` : ''
      return [{ level: 'problem', text: `${error.message}${hint}` }]
    }
  }
}

async function examine(
  { connection, write, tenants, queries }: Parameters<Checkup>[0],
  { secrets, clock }: { secrets: Secrets; clock: Clock },
  signal: AbortSignal,
): Promise<Finding[]> {
  switch (connection.type) {
    case 'dataset': {
      if (connection.format === 'postgres') {
        const { createPostgresTables } = await import('./adapters/postgres-tables.ts')
        const { checkDatabase } = await import('./reports/check-database.ts')
        const database = createPostgresTables(connection, { secrets })
        return await checkDatabase({ dataset: connection, database, tenants, queries }, signal)
      }
      const { checkDataset } = await import('./reports/check-dataset.ts')
      return await checkDataset({ dataset: connection, tenants, queries }, signal)
    }
    case 'folder': {
      const { checkFolder } = await import('./adapters/check-folder.ts')
      return await checkFolder(connection, write)
    }
    case 'sftp': {
      const { checkSftp } = await import('./adapters/check-sftp.ts')
      return await checkSftp(connection, { secrets, clock }, write, signal)
    }
    case 's3': {
      const { checkS3 } = await import('./adapters/check-s3.ts')
      return await checkS3(connection, secrets, write, signal)
    }
    case 'smtp': {
      const { checkSmtp } = await import('./adapters/check-smtp.ts')
      return await checkSmtp(connection, secrets, signal)
    }
    case 'http': {
      const { checkHttp } = await import('./adapters/check-http.ts')
      return await checkHttp(connection, { secrets, clock }, signal)
    }
    case 'key': {
      const { checkKey } = await import('./adapters/check-key.ts')
      return await checkKey(connection, { secrets, clock })
    }
  }
}
