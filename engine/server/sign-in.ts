/** Signing in with a token, posted once for a cookie; the same for customers and operators. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { renderSignIn, type SignIn } from '../catalog/sign-in-page.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import { pageHeaders } from './page-headers.ts'
import { createRequestRate } from './request-rate.ts'
import { cookiesOf, readSession, type Subject, sessionMs, signSession } from './session.ts'

/** Wrong tokens from one address. */
const attempts = { atOnce: 20, perSecond: 1 / 6 }
const pathPattern = /^([a-z0-9][a-z0-9._-]*\/)*([a-z0-9][a-z0-9._-]*)?$/i

export interface SignInParts {
  key: Secret
  clock: Clock
  cookie: string
  /** The styles' address, relative to the root of the pages. */
  styles: string
  /** The hashes, in hex, of the tokens that a subject may have signed in with. */
  tokensOf(subject: Subject): readonly string[]
  /** Whose token that is; undefined: nobody's. */
  ownerOf(token: string): { subject: Subject; sha256: string } | undefined
}

export interface Door {
  /** Everybody whose session the request carries. */
  subjects(request: FastifyRequest): Subject[]
  /** Asks for the token; `path` is the page below the root that was asked for. */
  ask(request: FastifyRequest, reply: FastifyReply, path: string): FastifyReply
  /** Takes what was posted. `wanted`: whose token it has to be; with another one's the answer is 404. */
  enter(request: FastifyRequest, reply: FastifyReply, wanted: Subject): FastifyReply
}

export function createDoor(parts: SignInParts): Door {
  const { key, clock, cookie, tokensOf, ownerOf } = parts
  const mayTry = createRequestRate(attempts, clock)

  /** `at` is where the page stands, below the root. */
  function show(
    reply: FastifyReply,
    status: number,
    at: string,
    page: Omit<SignIn, 'styles' | 'action'>,
  ): FastifyReply {
    const up = '../'.repeat(at.split('/').length - 1)
    const html = renderSignIn({ ...page, action: `${up}session`, styles: `${up}${parts.styles}` })
    return reply.code(status).headers(pageHeaders).type('text/html; charset=utf-8').send(html)
  }

  return {
    subjects(request) {
      const nowMs = clock.now().getTime()
      return cookiesOf(request.headers.cookie, cookie).flatMap(
        (value) => readSession(key, value, tokensOf, nowMs) ?? [],
      )
    },
    ask(request, reply, path) {
      const to = pathPattern.test(path) ? path : ''
      // After a link on another site the browser keeps a strict cookie back; when the page asks for itself it does not.
      if (request.headers['sec-fetch-site'] === 'cross-site')
        return show(reply, 200, to, { to, comesFromElsewhere: true })
      return show(reply, 401, to, { to })
    },
    enter(request, reply, wanted) {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
      const to = form.get('to') ?? ''
      const path = pathPattern.test(to) ? to : ''
      if (!isOwnForm(request)) return reply.code(403).headers(pageHeaders).send({ error: 'not from here' })
      if (!mayTry(request.ip, 0))
        return show(reply.header('retry-after', '60'), 429, '', { to: path, problem: 'limited' })
      const owner = ownerOf((form.get('token') ?? '').trim())
      if (owner?.subject !== wanted) mayTry(request.ip, 1)
      if (!owner) return show(reply, 401, '', { to: path, problem: 'refused' })
      if (owner.subject !== wanted) return sendMissing(reply)
      const value = signSession(key, wanted, owner.sha256, clock.now().getTime())
      // Without a path it counts for the folder of this address, also where a proxy serves it below another one.
      const attributes = [`${cookie}=${value}`, `Max-Age=${sessionMs / 1000}`, 'HttpOnly', 'SameSite=Strict']
      if (isHttps(request)) attributes.push('Secure')
      return reply
        .code(303)
        .headers({ ...pageHeaders, 'set-cookie': attributes.join('; '), location: `./${path}` })
        .send()
    },
  }
}

/** The same, whatever is not there: a page, a client, or one of somebody else. */
export function sendMissing(reply: FastifyReply): FastifyReply {
  return reply.code(404).headers(pageHeaders).type('text/plain; charset=utf-8').send('not found\n')
}

/** Forms as browsers send them; nothing else is taken. */
export function takeForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
}

/** Nobody else's page may sign somebody in. Browsers that do not say where a form comes from are old. */
function isOwnForm({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined || site === 'same-origin' || site === 'none'
}

/** Whoever puts TLS in front says so; a wrong word harms only who sent it. */
function isHttps(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https'
}
