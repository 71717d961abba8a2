/** Rules about web services and what is asked of them. */
import { X509Certificate } from 'node:crypto'
import type { HttpConnection, Job } from '../../core/manifest.ts'
import { whyNotPublic } from '../../core/public-address.ts'
import { couldClimb } from '../../core/request-target.ts'
import { isLoopback } from '../formats.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { jobRule, type Rule } from './rule.ts'

/** What the engine writes itself, or what belongs to one connection alone. */
const ownHeaders = [
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]
const secretHeaders = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-auth-token']
const maxBodyBytes = 64 * 1024
const maxDepth = 10

type Fault = [pointer: string, message: string]

const httpConnection: Rule = {
  name: 'http-connection',
  check({ connections }, report) {
    for (const document of connections.values()) {
      const connection = document.value
      if (connection.type !== 'http') continue
      for (const [pointer, message] of [...addressFaults(connection), ...headerFaults(connection)])
        report(placeOf(document, pointer), message)
      if (connection.ca !== undefined && !areCertificates(connection.ca))
        report(placeOf(document, '/ca'), 'is no certificate in PEM, or one of several is none')
    }
  },
}

function addressFaults({ baseUrl, allowPrivate = false }: HttpConnection): Fault[] {
  if (allowPrivate) return []
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '')
  const isLiteral = host.includes(':') || /^[\d.]+$/.test(host)
  const reason = isLoopback(host) ? 'this machine' : isLiteral ? whyNotPublic(host) : undefined
  if (reason === undefined) return []
  return [['/baseUrl', `${quote(host)} is ${reason}; the engine connects to it only with allowPrivate: true`]]
}

function headerFaults({ auth, headers = {} }: HttpConnection): Fault[] {
  const named = auth?.type === 'header' ? auth.name.toLowerCase() : undefined
  const faults = Object.keys(headers).flatMap((name): Fault[] => {
    const plain = name.toLowerCase()
    const pointer = `/headers/${name}`
    if (ownHeaders.includes(plain)) return [[pointer, `the engine writes the header ${quote(name)} itself`]]
    if (plain === named) return [[pointer, `auth writes the header ${quote(name)}`]]
    if (secretHeaders.includes(plain))
      return [[pointer, `the header ${quote(name)} is secret; use auth with a secret by name`]]
    return []
  })
  const isOwn = named !== undefined && ownHeaders.includes(named)
  return isOwn ? [...faults, ['/auth/name', `the engine writes the header ${quote(named)} itself`]] : faults
}

function areCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
    return blocks.length > 0
  } catch {
    // Whatever is wrong with it: it can vouch for nobody.
    return false
  }
}

const httpRequest = jobRule('http-request', (document, report) => {
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'http-request') return
    for (const [pointer, message] of bodyFaults(step))
      report(placeOf(document, `/steps/${index}${pointer}`, 'key'), message)
    if (couldClimb(step.path))
      report(placeOf(document, `/steps/${index}/path`), 'could be read as a way up; name the path as it is')
    if (step.onDoubt === undefined || step.method === 'POST' || step.method === 'PATCH') return
    const message = `onDoubt has no effect with ${step.method}: a repeat of it is harmless`
    report(placeOf(document, `/steps/${index}/onDoubt`, 'key'), message, 'warning')
  })
})

type HttpStep = Extract<Job['steps'][number], { type: 'http-request' }>

function bodyFaults({ method, from, json }: HttpStep): Fault[] {
  if (json !== undefined && from !== undefined)
    return [['/json', 'the body is either json or the files of from; remove one of them']]
  const body = json === undefined ? (from === undefined ? undefined : '/from') : '/json'
  if (method === 'GET' && body !== undefined)
    return [[body, 'a GET has no body; use query, or another method']]
  if (json === undefined) return []
  if (depthOf(json) > maxDepth) return [['/json', `is nested more than ${maxDepth} deep`]]
  if (holdsSecret(json)) {
    const message =
      'names a secret, which would be sent as it stands here; credentials belong into auth of the connection'
    return [['/json', message]]
  }
  const size = Buffer.byteLength(JSON.stringify(json))
  return size > maxBodyBytes ? [['/json', `has ${size} bytes; at most ${maxBodyBytes} are allowed`]] : []
}

/** Whether `{ secret: name }` stands anywhere in it, as it would in a connection. */
function holdsSecret(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === 'secret') return true
  return Object.values(value).some(holdsSecret)
}

function depthOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

const notifyNobody = jobRule('notify-nobody', (document, report, { clients }, job) => {
  const { alerts, steps } = document.value
  const client = clients.get(job.split('/')[0]!)?.value
  if (!client) return
  steps.forEach((step, index) => {
    if (step.type !== 'notify' || step.to === 'operators') return
    const lacks = step.to === 'job' ? alerts === undefined : client.alerts === undefined
    if (!lacks) return
    const message = `the ${step.to} has no alerts, so nobody but the operators would be told; give it alerts, or write "operators"`
    report(placeOf(document, `/steps/${index}/to`), message)
  })
})

export const httpRules: Rule[] = [httpConnection, httpRequest, notifyNobody]
