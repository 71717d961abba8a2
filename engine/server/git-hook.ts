/** POST /v1/hooks/git: a forge says that something was pushed. A hint to read the source, and nothing else. */
import type { FastifyInstance } from 'fastify'
import type { Clock, Log, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { addSignedHook } from './signed-hook.ts'

const secretName = 'git-webhook'
/** A request must not cost a file: nobody has proved anything when the secret is looked for. */
const keptMs = 10_000

export interface GitHookParts {
  engine: Pick<Engine, 'reload'>
  clock: Clock
  /** The secret that hooks are signed with; undefined where there is none. */
  secret(): Promise<Secret | undefined>
}

/**
 * Adds the route. Answers 202 to what is signed, 401, 413, and 404 where no secret is set, as if it were not there. The
 * body is never looked into: what is there to be read, the source tells.
 */
export function addGitHookRoute(server: FastifyInstance, { engine, clock, secret }: GitHookParts): void {
  addSignedHook(server, {
    path: '/v1/hooks/git',
    clock,
    findSecret: secret,
    async take(_request, reply) {
      engine.reload()
      return reply.code(202).send({ hint: true })
    },
  })
}

/** Finds the secret, read anew after 10 s. Where it cannot be used that is logged, when it begins or its reason changes. */
export function createHookSecret({
  secrets,
  clock,
  log,
  name = secretName,
}: {
  secrets: Secrets
  clock: Clock
  log: Log
  /** Default that of Git hooks. */
  name?: string
}): GitHookParts['secret'] {
  let found: Promise<Secret | undefined> | undefined
  let sinceMs = 0
  let told = ''

  async function resolve(): Promise<Secret | undefined> {
    try {
      const secret = await secrets.resolve(name)
      told = ''
      return secret
    } catch (error) {
      const { message: reason } = error as Error
      const isMissing = error instanceof JobsdError && error.code === 'SECRET_MISSING'
      if (!isMissing && reason !== told)
        log.error({ secret: name, reason }, 'the secret of hooks cannot be used')
      told = isMissing ? '' : reason
      return undefined
    }
  }

  return () => {
    const nowMs = clock.now().getTime()
    // A clock that was set back must not keep a secret for longer.
    if (!found || Math.abs(nowMs - sinceMs) >= keptMs) {
      found = resolve()
      sinceMs = nowMs
    }
    return found
  }
}

/** The same for hooks whose secrets have names of their own, each known for as long. */
export function createHookSecrets(parts: {
  secrets: Secrets
  clock: Clock
  log: Log
}): (name: string) => Promise<Secret | undefined> {
  const known = new Map<string, GitHookParts['secret']>()
  return (name) => {
    const find = known.get(name) ?? createHookSecret({ ...parts, name })
    known.set(name, find)
    return find()
  }
}
