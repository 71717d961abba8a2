import '../fakes/clean-children.ts'
import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { renderClientSite } from '../../engine/catalog/site.ts'
import { clientView } from '../../engine/catalog/views.ts'
import type { ClientPolicy } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import type { Engine } from '../../engine/runtime/engine.ts'
import { createClientsInForce } from '../../engine/server/clients-in-force.ts'
import { createHttpServer } from '../../engine/server/http.ts'
import { createLivePages } from '../../engine/server/live-pages.ts'
import { openBrowser } from '../../scripts/catalog/browser.ts'
import { findChromium } from '../../scripts/pictures/find-chromium.ts'
import { createCatalogLedger } from '../fakes/catalog-ledger.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createMemoryLog } from '../fakes/log.ts'
import { startSmallEngine } from '../fakes/small-engine.ts'
import { now } from '../fixtures/catalog.ts'
import { randomWorld } from '../fixtures/catalog-random.ts'
import { listViolationsInBothSchemes } from './axe.ts'
import { phone, wide } from './stage.ts'

const skip = findChromium() === undefined && 'no chromium'
const worlds = Array.from({ length: 6 }, (_, index) =>
  randomWorld({ seed: 'live', index, jobs: 4, runs: 3, now }),
)
const tokenOf = (name: string) => `${name}-token-of-forty-three-characters-or-more`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
let browser: Browser | undefined
t.teardown(() => browser?.close())

/** Every client's live pages on loopback. */
async function startLive(t: Test): Promise<string> {
  const snapshots = worlds.flatMap(({ input }) => input.snapshots)
  const policies = new Map(
    worlds.map(({ input }): [string, ClientPolicy] => {
      const { name } = input.client
      const tokens = [{ name: 'team', sha256: sha256(tokenOf(name)) }]
      const policy = {
        apiVersion: 'jobsd/v1',
        kind: 'ClientPolicy',
        name,
        connections: [],
        catalog: { tokens },
      }
      return [name, { ...policy, recipientDomains: [] } as unknown as ClientPolicy]
    }),
  )
  const clock = createManualClock(now)
  const jobs = new Map(snapshots.map((snapshot) => [snapshot.job, { snapshot, revision: 'r' }]))
  const engine = {
    jobs: () => jobs,
    problems: () => new Map(),
    policies: () => policies,
    isReady: () => true,
    trouble: () => null,
  } as unknown as Engine
  const { ledger } = createCatalogLedger(
    worlds.flatMap(({ input }) => input.runs),
    snapshots,
  )
  const server = createHttpServer({
    engine,
    clock,
    log: createMemoryLog(),
    keys: async () => [],
    hookSecret: async () => undefined,
    operatorsToken: undefined,
    live: {
      pages: createLivePages(ledger, createClientsInForce(engine), clock),
      ledger: {} as never,
      sessionKey: new Secret('k'.repeat(43)),
    },
  })
  t.teardown(() => server.close())
  return server.listen({ port: 0, host: '127.0.0.1' })
}

async function signIn(address: string, client: string, token: string): Promise<string> {
  const answer = await fetch(`${address}/catalog/${client}/session`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  })
  await answer.arrayBuffer()
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

t.test("with another's token every address of a client is 404, over the wire", async (t) => {
  const address = await startLive(t)
  let asked = 0
  for (const { input, mark } of worlds) {
    const { name } = input.client
    const cookie = await signIn(address, name, tokenOf(name))
    t.not(cookie, '')
    const own = await fetch(`${address}/catalog/${name}/`, { headers: { cookie } })
    t.equal(own.status, 200)
    t.match(await own.text(), mark)
    const [other] = worlds.filter((each) => each.mark !== mark)
    if (!other) throw new Error('a world is missing')
    for (const [path] of renderClientSite(clientView(other.input))) {
      const answer = await fetch(`${address}/catalog/${other.input.client.name}/${path}`, {
        headers: { cookie },
      })
      asked += 1
      const text = await answer.text()
      if (answer.status !== 404 || text.includes(other.mark)) t.fail(`${name} gets ${path} of ${other.mark}`)
    }
    t.equal(await signIn(address, other.input.client.name, tokenOf(name)), '', 'nor is there a session')
  }
  t.ok(asked >= worlds.length * 12, `${asked} addresses were asked for`)
})

/** A page that may ask this server only; what goes wrong is collected. */
async function openPage(address: string): Promise<{ page: Page; troubles: string[] }> {
  browser ??= await openBrowser()
  const page = await browser.newPage({ viewport: wide })
  page.setDefaultTimeout(10_000)
  const troubles: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(`${address}/`)) troubles.push(`asks for ${request.url()}`)
  })
  page.on('console', (message) => {
    // Said by the browser itself: of the 401 that asks for the token, and of the icon that there is none of.
    const isUsual = message.text().includes('401') || message.location().url.endsWith('/favicon.ico')
    if (message.type() === 'error' && !isUsual) troubles.push(message.text())
  })
  page.on('pageerror', (error) => troubles.push(String(error)))
  return { page, troubles }
}

t.test('a customer signs in with a browser and finds the pages as they are offline', { skip }, async (t) => {
  const address = await startLive(t)
  const { client, snapshots } = worlds[0]?.input ?? {}
  const { name, title } = client ?? { name: '', title: '' }
  const job = snapshots?.[3]?.manifest.name ?? ''
  const { page, troubles } = await openPage(address)
  await page.goto(`${address}/catalog/${name}/`)
  t.strictSame(await listViolationsInBothSchemes(page), [], 'the page that asks for the token')
  await page.keyboard.press('Tab')
  await page.locator('input[name="token"]').fill(tokenOf(name))
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: title }).waitFor()
  await page.getByLabel('Show disabled').check()
  await page.getByRole('searchbox').fill(job)
  t.match(await page.locator('.found').innerText(), '1 of 4 shown')
  await page.locator('.job-link:visible').click()
  await page.getByRole('link', { name: 'Job History' }).click()
  t.strictSame(await listViolationsInBothSchemes(page), [])
  await page.getByRole('link', { name: 'Refresh' }).click()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.locator('.found').waitFor()
  t.equal(await page.getByRole('searchbox').inputValue(), job, 'back where one was')
  t.strictSame(troubles, [])
  t.equal(await page.evaluate('document.cookie'), '', 'no script can read the session')
})

t.test("the operators' page is as easy to read", { skip }, async (t) => {
  const { engine, ledger, clock, log } = await startSmallEngine(t)
  const server = createHttpServer({
    engine,
    clock,
    log,
    keys: async () => [],
    hookSecret: async () => undefined,
    operatorsToken: new Secret('operators-token'),
    live: { pages: {} as never, ledger, sessionKey: new Secret('k'.repeat(43)) },
  })
  t.teardown(() => server.close())
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const { page, troubles } = await openPage(address)
  await page.goto(`${address}/operators/`)
  await page.locator('input[name="token"]').fill('operators-token')
  await page.keyboard.press('Enter')
  await page.locator('table').first().waitFor()
  t.strictSame(await listViolationsInBothSchemes(page), [])
  await page.setViewportSize(phone)
  t.strictSame(await listViolationsInBothSchemes(page), [])
  t.strictSame(troubles, [])
})
