/** GET /operators/: all clients at a glance, behind the operators' token. */
import type { FastifyInstance } from 'fastify'
import { type OperatorsInput, renderOperatorsPage } from '../catalog/operators-page.ts'
import { operatorStyles } from '../catalog/sign-in-page.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Clock } from '../core/contracts/services.ts'
import type { Secret } from '../core/secret.ts'
import type { Engine } from '../runtime/engine.ts'
import { pageHeaders } from './page-headers.ts'
import { createDoor, sendMissing, takeForms } from './sign-in.ts'
import { isSameHash, sha256Hex } from './token-owner.ts'
import { createTurns } from './turns.ts'

const dayMs = 86_400_000
const shownDeliveries = 101
/** However often it is asked for, it is made no more often: it reads every job. */
const keptMs = 2_000

export interface OperatorsPageParts {
  engine: Pick<Engine, 'status' | 'settings' | 'trouble' | 'openBreakers'>
  ledger: Pick<Ledger, 'latestRuns' | 'unfinishedRuns' | 'troubledDeliveries' | 'openExpectations'>
  clock: Clock
  /** Signs sessions. */
  key: Secret
  /** undefined: nobody may see it. */
  token: Secret | undefined
}

/** Adds the routes. Without a session every address answers 401 and asks for the token. */
export function addOperatorsPage(server: FastifyInstance, parts: OperatorsPageParts): void {
  const { clock, key, token } = parts
  const sha256 = token && sha256Hex(token.reveal())
  const door = createDoor({
    key,
    clock,
    cookie: 'jobsd-operators',
    styles: 'sign-in.css',
    tokensOf: (subject) => (subject === 'operators' && sha256 ? [sha256] : []),
    ownerOf: (given) =>
      sha256 && isSameHash(sha256Hex(given), sha256) ? { subject: 'operators', sha256 } : undefined,
  })
  const inTurn = createTurns(1, 20)
  let kept: { html: string; atMs: number } | undefined

  async function render(): Promise<string> {
    const nowMs = clock.now().getTime()
    if (kept && Math.abs(nowMs - kept.atMs) < keptMs) return kept.html
    const html = renderOperatorsPage(await readInput(parts, nowMs))
    kept = { html, atMs: nowMs }
    return html
  }

  server.register((scope, _options, done) => {
    takeForms(scope)
    scope.get('/operators', (_request, reply) =>
      reply
        .code(308)
        .headers({ ...pageHeaders, location: 'operators/' })
        .send(),
    )
    scope.get('/operators/sign-in.css', (_request, reply) =>
      reply
        .headers({ ...pageHeaders, 'cache-control': 'no-cache' })
        .type('text/css; charset=utf-8')
        .send(operatorStyles()),
    )
    scope.get('/operators/*', async (request, reply) => {
      if (!door.subjects(request).includes('operators')) return door.ask(request, reply, '')
      if ((request.params as { '*': string })['*'] !== '') return sendMissing(reply)
      return reply
        .headers(pageHeaders)
        .type('text/html; charset=utf-8')
        .send(await inTurn(render))
    })
    scope.post('/operators/session', (request, reply) => door.enter(request, reply, 'operators'))
    done()
  })
}

async function readInput({ engine, ledger }: OperatorsPageParts, nowMs: number): Promise<OperatorsInput> {
  const since = new Date(nowMs - 30 * dayMs).toISOString()
  const [status, latest, unfinished, deliveries, expectations] = await Promise.all([
    engine.status(),
    ledger.latestRuns(),
    ledger.unfinishedRuns(),
    ledger.troubledDeliveries(since, shownDeliveries),
    ledger.openExpectations(),
  ])
  const inForce = new Set(status.jobs.map(({ job }) => job))
  return {
    now: new Date(nowMs).toISOString(),
    trouble: engine.trouble(),
    revision: status.revision,
    source: status.source,
    syncs: status.syncs,
    jobs: status.jobs,
    failed: latest.filter(({ state, job }) => state === 'failed' && inForce.has(job)),
    unfinished,
    settings: engine.settings(),
    breakers: engine.openBreakers(),
    deliveries,
    expectations,
    returned: status.returned,
  }
}
