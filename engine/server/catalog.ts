/** GET /catalog/<client>/: the customers' pages, live, behind the client's token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { operatorStyles } from '../catalog/sign-in-page.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import type { LivePage, LivePages } from './live-pages.ts'
import { mediaTypeOf, pageHeaders } from './page-headers.ts'
import { createRequestRate } from './request-rate.ts'
import type { Subject } from './session.ts'
import { createDoor, sendMissing, takeForms } from './sign-in.ts'
import { findTokenOwner } from './token-owner.ts'
import { Busy } from './turns.ts'

/** Of one client, by whomever: each costs the engine time. */
const requests = { atOnce: 200, perSecond: 100 }
/** Wrong addresses of calendars, from one address of the network. */
const wrongFeeds = { atOnce: 20, perSecond: 1 / 6 }
const clientName = /^[a-z0-9]+(-[a-z0-9]+)*$/
const feedFile = /^([\w-]{20,200})\.ics$/

export interface CatalogParts {
  engine: Pick<Engine, 'policies'>
  pages: LivePages
  clock: Clock
  /** Signs sessions. */
  key: Secret
}

type Params = { client: string; '*': string }

/**
 * Adds the routes. Without a session every address answers alike, 401 and the question for a token, whether there is
 * such a client or page; with one of another client 404. A right token posted to `session` is answered by the cookie.
 */
export function addCatalogRoutes(server: FastifyInstance, { engine, pages, clock, key }: CatalogParts): void {
  const clientOf = (subject: Subject) => subject.slice('client:'.length)
  const door = createDoor({
    key,
    clock,
    cookie: 'jobsd-catalog',
    styles: '../sign-in.css',
    tokensOf: (subject) =>
      subject === 'operators'
        ? []
        : (engine.policies().get(clientOf(subject))?.catalog?.tokens ?? []).map(({ sha256 }) => sha256),
    ownerOf(token) {
      const owner = findTokenOwner(token, engine.policies(), 'tokens')
      return owner && { subject: `client:${owner.client}`, sha256: owner.sha256 }
    },
  })
  const mayAsk = createRequestRate(requests, clock)
  const mayTryFeeds = createRequestRate(wrongFeeds, clock)

  async function answer(request: FastifyRequest, reply: FastifyReply, client: string, path: string) {
    const subjects = door.subjects(request)
    if (subjects.length === 0) return door.ask(request, reply, path)
    if (!subjects.includes(`client:${client}`)) return sendMissing(reply)
    return sendPage(request, reply, client, path)
  }

  async function sendPage(request: FastifyRequest, reply: FastifyReply, client: string, path: string) {
    if (!mayAsk(client, 1)) return sendBusy(reply, 429)
    const file = path === '' || path.endsWith('/') ? `${path}index.html` : path
    try {
      const page = await pages.page(client, file)
      return page ? sendFound(request, reply, file, page) : sendMissing(reply)
    } catch (error) {
      if (error instanceof Busy) return sendBusy(reply, 503)
      throw error
    }
  }

  async function answerFeed(request: FastifyRequest, reply: FastifyReply, token: string) {
    if (!mayTryFeeds(request.ip, 0)) return sendBusy(reply, 429)
    const owner = findTokenOwner(token, engine.policies(), 'calendar')
    if (owner) return sendPage(request, reply, owner.client, 'calendar/calendar.ics')
    mayTryFeeds(request.ip, 1)
    return sendMissing(reply)
  }

  server.register((scope, _options, done) => {
    takeForms(scope)
    scope.get('/catalog/sign-in.css', (_request, reply) =>
      reply
        .headers({ ...pageHeaders, 'cache-control': 'no-cache' })
        .type(mediaTypeOf('sign-in.css'))
        .send(operatorStyles()),
    )
    scope.get<{ Params: { file: string } }>('/catalog/calendar/:file', (request, reply) => {
      const [, token] = feedFile.exec(request.params.file) ?? []
      // A client may have that name.
      return token === undefined
        ? answer(request, reply, 'calendar', request.params.file)
        : answerFeed(request, reply, token)
    })
    scope.get<{ Params: Params }>('/catalog/:client', (request, reply) =>
      clientName.test(request.params.client)
        ? reply
            .code(308)
            .headers({ ...pageHeaders, location: `${request.params.client}/` })
            .send()
        : sendMissing(reply),
    )
    scope.get<{ Params: Params }>('/catalog/:client/*', (request, reply) =>
      answer(request, reply, request.params.client, request.params['*']),
    )
    scope.post<{ Params: Params }>('/catalog/:client/session', (request, reply) =>
      door.enter(request, reply, `client:${request.params.client}`),
    )
    done()
  })
}

async function sendFound(request: FastifyRequest, reply: FastifyReply, path: string, page: LivePage) {
  reply.headers({ ...pageHeaders, etag: page.etag, vary: 'accept-encoding, cookie' }).type(mediaTypeOf(path))
  if (request.headers['if-none-match'] === page.etag) return reply.code(304).send()
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(page.body)
  return reply.header('content-encoding', 'gzip').send(await page.gzipped())
}

function sendBusy(reply: FastifyReply, status: 429 | 503) {
  return reply
    .code(status)
    .headers({ ...pageHeaders, 'retry-after': '1' })
    .type('text/plain; charset=utf-8')
    .send('too many at once: try again\n')
}
