/** A route for signed posts, closed to whoever shows no signature before the body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import { isSignedByForge, looksSigned } from './hook-signature.ts'

/** Forges put every commit of a push into it; of a returned mail no more is read. */
const maxBodyBytes = 1024 * 1024

export interface SignedHook {
  path: string
  clock: Clock
  /** What a request must be signed with; undefined answers 404, as if the route were not there. */
  findSecret(request: FastifyRequest): Promise<Secret | undefined>
  /** Answers what is signed, with the body as it came. */
  take(request: FastifyRequest, reply: FastifyReply, body: Buffer): Promise<unknown>
}

/** Adds the route. Answers 401 to what is not signed or signed otherwise, 404 where there is no secret, 413 beyond 1 MiB. */
export function addSignedHook(server: FastifyInstance, { path, clock, findSecret, take }: SignedHook): void {
  server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: maxBodyBytes },
      (_request, body, parsed) => parsed(null, body),
    )
    // Before the body is read: whoever has not even something like a signature is not listened to.
    scope.addHook('onRequest', async (request, reply) => {
      if (!(await findSecret(request))) return reply.code(404).send({ error: 'not found' })
      if (!looksSigned(request.headers)) return reply.code(401).send({ error: 'it is not signed' })
    })
    scope.post(path, async (request, reply) => {
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0)
      const key = await findSecret(request)
      if (!key || !isSignedByForge(key, request.headers, body, clock.now().getTime()))
        return reply.code(401).send({ error: 'the signature is wrong' })
      return await take(request, reply, body)
    })
    done()
  })
}
