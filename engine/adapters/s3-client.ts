/** Opens the S3 client of a connection document, with nothing taken from the environment. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { Secrets } from '../core/contracts/services.ts'
import type { S3Connection } from '../core/manifest.ts'
import { readCredentials, type S3Credentials } from './s3-credentials.ts'

export interface S3Timeouts {
  connectMs: number
  /** Without a byte from the store or to it. */
  idleMs: number
  /** One request from its first byte to the answer. */
  requestMs: number
}

export const s3Timeouts: S3Timeouts = { connectMs: 15_000, idleMs: 60_000, requestMs: 300_000 }

export interface OpenStore {
  s3: typeof import('@aws-sdk/client-s3')
  client: S3Client
  /** The credentials' values: no message may show them. Those of a role come when it is taken on. */
  hidden: readonly string[]
}

/** Reads the credentials and makes a client; loads the library. Throws SECRET_MISSING, SECRET_EXPOSED. */
export async function openStore(
  connection: S3Connection,
  secrets: Secrets,
  timeouts: S3Timeouts,
): Promise<OpenStore> {
  const { keys, hidden } = await readCredentials(connection, secrets, timeouts)
  // The library prints about the version of Node otherwise, on a stream that is for our own words.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const s3 = await import('@aws-sdk/client-s3')
  const client = new s3.S3Client(clientConfig(connection, keys, timeouts))
  return { s3, client, hidden }
}

/** Every setting that the library would otherwise look for in the environment and in ~/.aws is given here. */
function clientConfig(
  connection: S3Connection,
  credentials: S3Credentials['keys'],
  timeouts: S3Timeouts,
): S3ClientConfig {
  const { endpoint, region } = connection
  return {
    region,
    credentials,
    ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
    forcePathStyle: connection.forcePathStyle ?? endpoint !== undefined,
    // Checksums in trailers corrupt objects on some stores; ours are stated in headers.
    requestChecksumCalculation: endpoint === undefined ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useArnRegion: false,
    disableS3ExpressSessionAuth: true,
    disableClockSkewCorrection: false,
    authSchemePreference: ['sigv4'],
    userAgentAppId: 'jobsd',
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
    },
  }
}
