/** What is sent: good events and every kind of bad one, signed by hand as the Standard Webhooks say. */
import { createHmac } from 'node:crypto'
import { secrets } from './config.ts'

export interface Outgoing {
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer
}

export interface SentEvent {
  id: string
  leads: number
  region: 'east' | 'west'
}

export function createEvent(index: number): SentEvent {
  return { id: `ended-${index}`, leads: index, region: index % 2 === 0 ? 'east' : 'west' }
}

/** The request for an event of acme; the same bytes for the same event, but for time and signature. */
export function requestOf({ id, leads, region }: SentEvent): Outgoing {
  return signed({ id, data: { leads, campaign: { id: `C-${leads}`, region } } })
}

interface Changes {
  id: string
  data?: object
  client?: string
  secret?: string
  ageSeconds?: number
  path?: string
  padding?: number
}

function signed({
  id,
  data = {},
  client = 'acme',
  secret,
  ageSeconds = 0,
  path,
  padding,
}: Changes): Outgoing {
  const event = { specversion: '1.0', id, source: '/dialer', type: 'campaign.ended', data }
  const body = Buffer.from(JSON.stringify(padding ? { ...event, padding: 'x'.repeat(padding) } : event))
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds)
  const text = secret ?? secrets[client] ?? ''
  const key = text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
  return {
    method: 'POST',
    path: path ?? '/v1/events',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${hmac.digest('base64')}`,
    },
    body,
  }
}

export interface BadKind {
  name: string
  status: number
  request(id: string, known: SentEvent): Outgoing
}

/** Every kind of request that must start nothing, with the status that it is answered with. */
export const badKinds: readonly BadKind[] = [
  {
    name: 'wrong signature',
    status: 401,
    request: (id) => signed({ id, data: { leads: 1 }, secret: 'guessed' }),
  },
  {
    name: 'body changed after signing',
    status: 401,
    request(id) {
      const request = signed({ id, data: { leads: 1 } })
      return { ...request, body: Buffer.from(request.body.toString().replace('"leads":1', '"leads":2')) }
    },
  },
  {
    name: 'no signature',
    status: 401,
    request(id) {
      const { 'webhook-signature': _, ...headers } = signed({ id }).headers
      return { ...signed({ id }), headers }
    },
  },
  {
    name: 'stale timestamp',
    status: 401,
    request: (id) => signed({ id, data: { leads: 1 }, ageSeconds: 360 }),
  },
  {
    name: 'timestamp ahead',
    status: 401,
    request: (id) => signed({ id, data: { leads: 1 }, ageSeconds: -360 }),
  },
  {
    name: 'foreign key',
    status: 401,
    request: (id) =>
      signed({ id, data: { leads: 1 }, client: 'borealis', path: '/v1/events?key=acme/dialer' }),
  },
  {
    // Its own client has no job: recorded, and nothing of acme is started.
    name: 'key of another client',
    status: 202,
    request: (id) => signed({ id, data: { leads: 1 }, client: 'borealis' }),
  },
  { name: 'oversize body', status: 413, request: (id) => signed({ id, padding: 300 * 1024 }) },
  {
    name: 'other content type',
    status: 415,
    request: (id) => {
      const request = signed({ id })
      return { ...request, headers: { ...request.headers, 'content-type': 'text/plain' } }
    },
  },
  { name: 'other method', status: 405, request: (id) => ({ ...signed({ id }), method: 'PUT' }) },
  { name: 'no CloudEvent', status: 400, request: (id) => signed({ id, data: [1] }) },
  {
    name: 'required parameter missing',
    status: 422,
    request: (id) => signed({ id, data: { region: 'east' } }),
  },
  {
    name: 'parameter of another type',
    status: 422,
    request: (id) => signed({ id, data: { leads: 'many' } }),
  },
  {
    name: 'known id with another body',
    status: 409,
    request: (_id, known) => signed({ id: known.id, data: { leads: known.leads + 1 } }),
  },
]
