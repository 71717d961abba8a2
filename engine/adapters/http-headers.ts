/** The headers of a request: what it is, who sends it, and which values no message may show. */
import { createHash, createHmac } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { HttpBody, HttpRequest } from '../core/contracts/http.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { HttpConnection } from '../core/manifest.ts'
import type { Secret } from '../core/secret.ts'

export interface HttpHeaders {
  headers: Record<string, string>
  hidden: string[]
}

/** Throws SECRET_MISSING, SECRET_EXPOSED; SECRET_UNFIT for a secret that no header can carry. */
export async function writeHeaders(
  connection: HttpConnection,
  request: Pick<HttpRequest, 'body' | 'idempotencyKey'>,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
): Promise<HttpHeaders> {
  const { headers, hidden } = await signIn(connection, request, secrets, clock)
  return {
    headers: {
      'user-agent': 'jobsd',
      // As it is, so that what is saved is what the service sent.
      'accept-encoding': 'identity',
      accept: '*/*',
      ...lowerCase(connection.headers ?? {}),
      ...describeBody(request.body),
      'idempotency-key': request.idempotencyKey,
      ...headers,
    },
    hidden,
  }
}

function describeBody(body: HttpBody): Record<string, string> {
  if (body.kind === 'none') return {}
  if (body.kind === 'file') return { 'content-type': body.mediaType, 'content-length': String(body.size) }
  const length = String(Buffer.byteLength(body.text))
  return { 'content-type': 'application/json', 'content-length': length }
}

async function signIn(
  { auth }: HttpConnection,
  { body, idempotencyKey }: Pick<HttpRequest, 'body' | 'idempotencyKey'>,
  secrets: Secrets,
  clock: Clock,
): Promise<HttpHeaders> {
  switch (auth?.type) {
    case undefined:
      return { headers: {}, hidden: [] }
    case 'basic': {
      const value = (await secrets.resolve(auth.password.secret)).reveal()
      const pair = Buffer.from(`${auth.username}:${value}`).toString('base64')
      return { headers: { authorization: `Basic ${pair}` }, hidden: [value, pair] }
    }
    case 'bearer': {
      const value = plainHeader(await secrets.resolve(auth.token.secret), auth.token.secret)
      return { headers: { authorization: `Bearer ${value}` }, hidden: [value] }
    }
    case 'header': {
      const value = plainHeader(await secrets.resolve(auth.value.secret), auth.value.secret)
      return { headers: { [auth.name.toLowerCase()]: value }, hidden: [value] }
    }
    case 'hmac': {
      const key = await secrets.resolve(auth.key.secret)
      // A webhook's id is told from its time by a dot.
      const id = `msg_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 24)}`
      const timestamp = String(Math.floor(clock.now().getTime() / 1000))
      const signature = await signBody(key, id, timestamp, body)
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
      return { headers, hidden: [key.reveal()] }
    }
  }
}

/** As Standard Webhooks say (github.com/standard-webhooks/standard-webhooks, spec version 1). */
async function signBody(secret: Secret, id: string, timestamp: string, body: HttpBody): Promise<string> {
  const text = secret.reveal()
  const key = text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`)
  if (body.kind === 'json') hmac.update(body.text)
  if (body.kind === 'file') for await (const chunk of createReadStream(body.localPath)) hmac.update(chunk)
  return `v1,${hmac.digest('base64')}`
}

function plainHeader(secret: Secret, name: string): string {
  const value = secret.reveal()
  if (!/^[!-~]([ -~]*[!-~])?$/.test(value)) throw new JobsdError('SECRET_UNFIT', { name })
  return value
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
