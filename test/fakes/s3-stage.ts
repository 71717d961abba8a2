/** Object stores on loopback and files to put there. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createS3Objects, type S3ObjectsOptions } from '../../engine/adapters/s3-objects.ts'
import type { ObjectPut } from '../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { S3Connection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { type RunningS3Server, type S3ServerOptions, startS3Server } from '../../scripts/demo/s3-server.ts'

export const secretValues: Record<string, string> = {
  'acme-id': 'CANARYKEYID',
  'acme-key': 'canary/4711+secret',
  'wrong-key': 'canary-wrong-secret',
}

export const accessKeys = [
  { id: secretValues['acme-id']!, secret: secretValues['acme-key']!, buckets: ['acme-reports'] },
  { id: 'OTHERKEYID', secret: 'other', buckets: ['other-reports'] },
]

export const never = new AbortController().signal

const stored = t.testdir()

/** The strict server, closed with the test. */
export async function serveS3(test: Test, options: Partial<S3ServerOptions> = {}): Promise<RunningS3Server> {
  const server = await startS3Server({ accessKeys, ...options })
  test.teardown(() => server.close())
  return server
}

export function connectionTo(
  server: { endpoint: string },
  changes: Partial<S3Connection> = {},
): S3Connection {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'acme-s3',
    type: 's3',
    endpoint: server.endpoint,
    region: 'us-east-1',
    bucket: 'acme-reports',
    prefix: 'inbox/',
    accessKeyId: { secret: 'acme-id' },
    secretAccessKey: { secret: 'acme-key' },
    ...changes,
  }
}

/** A store of the adapter, closed with the test. A secret that is not known by name is its own value. */
export function storeAt(
  test: Test,
  server: { endpoint: string },
  changes: Partial<S3Connection> = {},
  options: Partial<S3ObjectsOptions> = {},
) {
  const store = createS3Objects(connectionTo(server, changes), {
    secrets: { resolve: async (name) => new Secret(secretValues[name] ?? name) },
    ...options,
  })
  test.teardown(() => store.close())
  return store
}

/** A local file and the request that puts it. */
export function fileOf(content: string | Buffer, changes: Partial<ObjectPut> = {}): ObjectPut {
  const sha256 = createHash('sha256').update(content).digest('hex')
  const localPath = join(stored, sha256)
  writeFileSync(localPath, content)
  return {
    key: 'report.csv',
    localPath,
    size: Buffer.byteLength(content),
    sha256,
    mediaType: 'text/csv',
    overwrite: 'fail',
    ...changes,
  }
}

let copies = 0

/** A new local path to fetch to. */
export function newPath(): string {
  copies += 1
  return join(stored, `copy-${copies}`)
}

export async function failureOf(work: Promise<unknown>): Promise<JobsdError> {
  try {
    await work
  } catch (error) {
    if (error instanceof JobsdError) return error
    throw error
  }
  throw new Error('it did not fail')
}
