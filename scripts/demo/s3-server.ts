/** An S3 server on loopback for the demo and for tests: fauxqs keeps the objects, a strict front decides what it gets. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { buildApp } from 'fauxqs'
import { readBody } from './s3-body.ts'
import { S3Failure } from './s3-failure.ts'
import { splitUrl, verifySignature } from './s3-signature.ts'
import { createUploads, type S3Upload } from './s3-uploads.ts'

export interface S3AccessKey {
  id: string
  secret: string
  /** The only buckets it may use; they are made at the start. */
  buckets: string[]
  /** Must be sent with each request of a temporary key. */
  sessionToken?: string
}

export interface S3Request {
  method: string
  bucket: string
  key: string
  query: Map<string, string>
  headers: IncomingMessage['headers']
}

/**
 * What happens to a request instead: a refusal; `drop` ends the connection, `stall` never answers, `lose` does what was
 * asked and then ends the connection, `damage` keeps all but the last byte of the body, `garble` answers another last byte.
 */
export type S3Mishap = S3Failure | 'drop' | 'stall' | 'lose' | 'damage' | 'garble'

export interface S3ServerOptions {
  /** Looked up with each request: one that is added later counts too. */
  accessKeys: S3AccessKey[]
  /** Default: any free port. */
  port?: number
  /** Asked about each request that may pass; undefined lets it. */
  intercept?: (request: S3Request) => S3Mishap | undefined | Promise<S3Mishap | undefined>
  /** What it does with `If-None-Match: *`. Default honour. */
  conditions?: 'honour' | 'ignore' | 'refuse'
  /** Its clock. Default: the machine's. */
  now?: () => Date
  /** What it says of its buckets. Default nothing. */
  region?: string
}

export interface StoredObject {
  key: string
  body: Buffer
  metadata: Record<string, string>
  /** The headers about how it is kept, such as `x-amz-tagging`. */
  kept: Record<string, string>
}

export interface RunningS3Server {
  port: number
  /** For path-style requests. */
  endpoint: string
  /** What a bucket holds, sorted by key. */
  objects(bucket: string): Promise<StoredObject[]>
  /** The uploads in parts that are under way; a test may change them. */
  uploads: Map<string, S3Upload>
  close(): Promise<void>
}

const maxBodyBytes = 64 * 1024 * 1024

/**
 * Starts the server on 127.0.0.1. It verifies every signature and checksum itself, honours `If-None-Match: *`, keeps
 * keys to their buckets and answers refusals in S3's XML; everything is in memory.
 */
export async function startS3Server(options: S3ServerOptions): Promise<RunningS3Server> {
  const store = buildApp({ logger: false })
  // The store's own parsers end at 11 MiB.
  store.removeAllContentTypeParsers()
  store.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
    done(null, body),
  )
  const buckets = new Set(options.accessKeys.flatMap((key) => key.buckets))
  for (const bucket of buckets) await store.inject({ method: 'PUT', url: `/${bucket}` })

  const uploads = createUploads()
  const kept = new Map<string, Record<string, string>>()

  // One after the other: between looking whether a key is free and taking it nobody else may come.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await buffer(incoming)
    const url = incoming.url ?? '/'
    const method = incoming.method ?? 'GET'
    const { headers } = incoming
    const now = options.now?.() ?? new Date()
    response.setHeader('date', now.toUTCString())
    const id = verifySignature({ method, url, headers }, secretOf(options.accessKeys), now)
    const request = describeRequest(method, url, headers)
    checkRequest(request, buckets, options.accessKeys.find((key) => key.id === id)!)
    // A link states nothing of a body.
    const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    const { body, checked } = readBody(headers.authorization === undefined ? unsigned : headers, raw)
    const mishap = await options.intercept?.(request)
    if (mishap instanceof S3Failure) throw mishap
    if (mishap === 'stall') return
    if (mishap === 'drop') return void incoming.socket.destroy()
    if (headers['if-none-match'] !== undefined && options.conditions === 'refuse') {
      throw new S3Failure(501, 'NotImplemented', 'A header implies functionality that is not implemented.')
    }
    if (request.key === '' && request.query.has('uploads')) {
      response.writeHead(200, { 'content-type': 'application/xml' })
      return void response.end(uploads.toXml(request.bucket, request.query.get('prefix') ?? ''))
    }
    const answer = await inTurn(async () => {
      if (headers['if-none-match'] !== undefined && options.conditions !== 'ignore') {
        const there = await store.inject({ method: 'HEAD', url: url.replace(/\?.*$/s, '') })
        if (there.statusCode === 200) {
          throw new S3Failure(412, 'PreconditionFailed', 'At least one of the preconditions did not hold.')
        }
      }
      return store.inject({
        method: method as 'PUT',
        url,
        headers: { ...storedHeaders(headers), ...Object.fromEntries(checked) },
        payload: mishap === 'damage' ? body.subarray(0, -1) : body,
      })
    })
    if (answer.statusCode < 300) {
      uploads.follow(request, id, answer.body)
      noteKept(request, kept)
    }
    if (mishap === 'lose') return void incoming.socket.destroy()
    const known = method === 'GET' || method === 'HEAD' ? kept.get(`${request.bucket}/${request.key}`) : {}
    const { 'x-amz-tagging': _tags, ...shown } = known ?? {}
    if (options.region && request.key === '') response.setHeader('x-amz-bucket-region', options.region)
    const disposition = request.query.get('response-content-disposition')
    if (disposition !== undefined) response.setHeader('content-disposition', disposition)
    response.writeHead(answer.statusCode, { ...(answer.headers as Record<string, string>), ...shown })
    if (mishap === 'garble') answer.rawPayload[answer.rawPayload.length - 1]! ^= 1
    response.end(method === 'HEAD' ? undefined : answer.rawPayload)
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      const failure = error instanceof S3Failure ? error : new S3Failure(500, 'InternalError', String(error))
      if (response.headersSent) return void response.destroy()
      response.writeHead(failure.status, {
        'content-type': 'application/xml',
        'x-amz-request-id': randomUUID(),
      })
      response.end(incoming.method === 'HEAD' ? undefined : failure.toXml())
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  async function objects(bucket: string): Promise<StoredObject[]> {
    const found: StoredObject[] = []
    for (let token = ''; ; ) {
      const next = token && `&continuation-token=${encodeURIComponent(token)}`
      const list = await store.inject({ url: `/${bucket}?list-type=2${next}` })
      for (const key of elementsOf(list.body, 'Key')) {
        const object = await store.inject({ url: `/${bucket}/${encodeURIComponent(key)}` })
        const metadata = metadataOf(object.headers)
        found.push({ key, body: object.rawPayload, metadata, kept: kept.get(`${bucket}/${key}`) ?? {} })
      }
      token = elementsOf(list.body, 'NextContinuationToken')[0] ?? ''
      if (!token) return found.sort((a, b) => (a.key < b.key ? -1 : 1))
    }
  }

  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    uploads: uploads.known,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
      await store.close()
    },
  }
}

function secretOf(accessKeys: S3AccessKey[]): (id: string) => string | undefined {
  return (id) => accessKeys.find((key) => key.id === id)?.secret
}

function describeRequest(method: string, url: string, headers: IncomingMessage['headers']): S3Request {
  const { pathname, query } = splitUrl(url)
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? []
  return { method, bucket, key, query: new Map(query), headers }
}

function checkRequest(request: S3Request, buckets: Set<string>, accessKey: S3AccessKey): void {
  const { method, bucket, key, headers } = request
  if (!buckets.has(bucket)) throw new S3Failure(404, 'NoSuchBucket', 'The bucket does not exist.')
  const isBucketChange = key === '' && method !== 'GET' && method !== 'HEAD'
  if (isBucketChange || !accessKey.buckets.includes(bucket)) {
    throw new S3Failure(403, 'AccessDenied', 'Access denied.')
  }
  if (headers['x-amz-security-token'] !== accessKey.sessionToken) {
    throw new S3Failure(403, 'InvalidToken', 'The provided token is malformed or otherwise invalid.')
  }
  const isMatch = headers['if-match'] !== undefined && method !== 'GET'
  const isCondition = isMatch || (headers['if-none-match'] ?? '*') !== '*'
  if (isCondition || headers['x-amz-copy-source'] !== undefined) {
    throw new S3Failure(501, 'NotImplemented', 'A header implies functionality that is not implemented.')
  }
}

/** The headers of an object that the store is to know; the rest was for the front. */
function storedHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  const kept =
    /^(content-(type|language|disposition)|cache-control|range|if-match|x-amz-(meta-.*|checksum-(mode|type|algorithm)))$/
  const encoding = String(headers['content-encoding'] ?? '').replace(/aws-chunked,?/, '')
  return {
    'content-type': 'application/octet-stream',
    ...(encoding && { 'content-encoding': encoding }),
    ...Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => kept.test(name))
        .map(([name, value]) => [name, String(value)]),
    ),
  }
}

const keptHeader = /^x-amz-(tagging|storage-class|server-side-encryption.*)$/

/** What is kept with an object besides its bytes, which the store behind does not know. */
function noteKept(
  { method, bucket, key, query, headers }: S3Request,
  kept: Map<string, Record<string, string>>,
): void {
  const isBegun = method === 'POST' && query.has('uploads')
  const isPut = method === 'PUT' && !query.has('partNumber')
  if (!isBegun && !isPut) return
  const own = Object.entries(headers).filter(([name]) => keptHeader.test(name))
  kept.set(`${bucket}/${key}`, Object.fromEntries(own.map(([name, value]) => [name, String(value)])))
}

function metadataOf(headers: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  return Object.fromEntries(entries.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]))
}

function elementsOf(xml: string, name: string): string[] {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((found) =>
    (found[1] ?? '').replace(/&(\w+);/g, (whole, entity: string) => entities[entity] ?? whole),
  )
}
