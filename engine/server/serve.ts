/** The engine at work: its HTTP server and control socket around it, opened and closed in the right order. */
import type { FastifyInstance } from 'fastify'
import type { Clock, Log, Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Engine } from '../runtime/engine.ts'
import { listenForControl } from './control.ts'
import { createEmit } from './emit.ts'
import { createEventKeys } from './event-keys.ts'
import { createHookSecret, createHookSecrets } from './git-hook.ts'
import { createHttpServer, type LiveParts } from './http.ts'

/** Open requests get this long when the engine stops; then their connections are cut. */
const goodbyeMs = 2_000

export interface ServeParts {
  engine: Engine
  clock: Clock
  log: Log
  secrets: Secrets
  /** The control socket's path. */
  socket: string
  /** HOST:PORT */
  listen: string
  /** Serves and publishes the pages; undefined: there are none. */
  live?: (LiveParts & { follow(signal: AbortSignal): Promise<void> }) | undefined
  /** Resolves with the name of the signal that ends it. */
  stopped: Promise<string>
}

/**
 * Starts the engine, serves it until it is told to stop, and stops it. The port is taken first: an engine that cannot be
 * reached begins nothing. The engine is stopped also where something fails on the way.
 */
export async function serve(parts: ServeParts): Promise<void> {
  const { engine, clock, log, secrets } = parts
  const { host, port } = readListen(parts.listen)
  const operatorsToken = await secrets.resolve('operators-token').catch(ignoreMissing)
  const keys = createEventKeys({ policies: engine.policies, secrets, clock, log })
  const hookSecret = createHookSecret({ secrets, clock, log })
  const bounceSecret = createHookSecrets({ secrets, clock, log })
  const { live } = parts
  const http = createHttpServer({
    ...{ engine, clock, log, keys, hookSecret, bounceSecret, operatorsToken, live },
  })
  const address = await listenHttp(http, host, port)
  let control: { close(): Promise<void> } | undefined
  const ended = new AbortController()
  let publishing: Promise<void> | undefined
  try {
    await engine.start({ triggers: true })
    control = await listenForControl(parts.socket, engine, createEmit(engine, clock))
    publishing = parts.live?.follow(ended.signal)
    log.info({ address }, 'ready')
    const signal = await parts.stopped
    log.info({ signal }, 'stopping: running steps get 30 s')
  } finally {
    ended.abort()
    // Side by side: a peer that holds on to its connection does not hold up the runs.
    await Promise.all([closeHttp(http, clock), control?.close(), publishing, engine.stop()])
  }
}

async function listenHttp(http: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await http.listen({ host, port })
  } catch (error) {
    const reason = `cannot listen on ${host}:${port}: ${(error as Error).message}`
    throw new JobsdError('BAD_REQUEST', { reason }, { cause: error })
  }
}

async function closeHttp(http: FastifyInstance, clock: Clock): Promise<void> {
  const closed = new AbortController()
  const cut = clock.sleep(goodbyeMs, closed.signal).then(
    () => http.server.closeAllConnections(),
    () => undefined,
  )
  await http.close()
  closed.abort()
  await cut
}

function readListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:]+)):(\d{1,5})$/i.exec(listen)
  if (!match || Number(match[3]) > 65535) {
    throw new JobsdError('BAD_REQUEST', {
      reason: `--listen ${listen} is not HOST:PORT, such as 127.0.0.1:8080`,
    })
  }
  return { host: (match[1] ?? match[2]) as string, port: Number(match[3]) }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof JobsdError && error.code === 'SECRET_MISSING') return undefined
  throw error
}
