/** The keys that a bucket is used with: as the connection names them, or those of a role that they take on. */
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { AssumedRole, S3Connection } from '../core/manifest.ts'
import type { S3Timeouts } from './s3-client.ts'
import { statusOf, translateS3Failure } from './s3-errors.ts'

export interface S3Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** Asked for anew some minutes before. */
  expiration?: Date
}

export interface S3Credentials {
  /** Asks for the keys, where they are temporary as often as they expire. Throws AUTH_REFUSED and what a network does. */
  keys: S3Keys | (() => Promise<S3Keys>)
  /** The values that no message may show; changes with each set of keys. */
  hidden: string[]
}

/** Reads the secrets of a connection. Throws SECRET_MISSING, SECRET_EXPOSED. */
export async function readCredentials(
  connection: S3Connection,
  secrets: Secrets,
  timeouts: S3Timeouts,
): Promise<S3Credentials> {
  const reveal = async ({ secret }: { secret: string }) => (await secrets.resolve(secret)).reveal()
  const { assumeRole: role, sessionToken } = connection
  const keys: S3Keys = {
    accessKeyId: await reveal(connection.accessKeyId),
    secretAccessKey: await reveal(connection.secretAccessKey),
    ...(sessionToken && { sessionToken: await reveal(sessionToken) }),
  }
  const hidden = hiddenIn(keys)
  if (role === undefined) return { keys, hidden }
  const externalId = role.externalId && (await reveal(role.externalId))
  if (externalId !== undefined) hidden.push(externalId)
  const request = { connection, role, externalId, keys, hidden, ownCount: hidden.length, timeouts }
  return { keys: () => takeRole(request), hidden }
}

interface RoleRequest {
  connection: S3Connection
  role: AssumedRole
  externalId: string | undefined
  keys: S3Keys
  hidden: string[]
  /** How many of them are the connection's own. */
  ownCount: number
  timeouts: S3Timeouts
}

async function takeRole({
  connection,
  role,
  externalId,
  keys,
  hidden,
  ownCount,
  timeouts,
}: RoleRequest): Promise<S3Keys> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts')
  const endpoint = role.endpoint ?? connection.endpoint
  const client = new STSClient({
    region: connection.region,
    credentials: keys,
    ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
    maxAttempts: 3,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: 'jobsd',
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      requestTimeout: Math.min(timeouts.requestMs, 30_000),
      throwOnRequestTimeout: true,
    },
  })
  const { roleArn, sessionName = 'jobsd' } = role
  try {
    const { Credentials: given } = await client.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        ...(externalId !== undefined && { ExternalId: externalId }),
      }),
    )
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken) {
      throw new JobsdError('TARGET_REFUSED', {
        connection: connection.name,
        path: roleArn,
        reason: 'its answer has no keys',
      })
    }
    const taken: S3Keys = {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      ...(given.Expiration && { expiration: given.Expiration }),
    }
    // Those before as well: a request may still be under way with them.
    hidden.splice(ownCount, hidden.length, ...hiddenIn(taken), ...hidden.slice(ownCount, ownCount + 3))
    return taken
  } catch (error) {
    throw translateRefusal(error, {
      connection: connection.name,
      path: roleArn,
      timeoutMs: timeouts.idleMs,
      hidden,
    })
  } finally {
    client.destroy()
  }
}

/** Whatever a token service does not allow is about the credentials. */
function translateRefusal(error: unknown, attempt: Parameters<typeof translateS3Failure>[1]): unknown {
  const failure = translateS3Failure(error, attempt)
  const isRefusal = statusOf(error) === 403 && failure instanceof JobsdError
  return isRefusal
    ? new JobsdError('AUTH_REFUSED', { connection: attempt.connection }, { cause: failure })
    : failure
}

/** The secret key first: where it holds the other one it must go as a whole. */
function hiddenIn({ secretAccessKey, sessionToken, accessKeyId }: S3Keys): string[] {
  return [secretAccessKey, ...(sessionToken ? [sessionToken] : []), accessKeyId]
}
