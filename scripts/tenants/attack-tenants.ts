/** Sets random hostile queries on a world of fifty clients, and counts what came of them. */
import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { createRandom } from '../fuzz/mutate.ts'
import { createAttack } from './attacks.ts'
import { type Attempt, attemptReport, openTenant, type Tenant } from './attempt.ts'
import { centers, createWorld, markOf, type World } from './world.ts'

export interface Size {
  /** Queries of each client on its sealed copy, past the check of reports. */
  perClient: number
  /** Queries by the whole way of a report, each in a process of its own. */
  reports: number
  seed: number
  /** Of one query on a copy. */
  queryMs: number
  /** Of one report, from the start of its process. */
  reportMs: number
}

export interface Found {
  queries: number
  /** Queries that the check of reports lets through. */
  checked: number
  /** Queries that gave rows of their own client: they show that there was something to see. */
  sawOwn: number
  reports: number
  /** Reports by the code of their error, `rows` for none. */
  byCode: Record<string, number>
  /** Each with its query and the mark. */
  leaks: { sql: string; tenant: Tenant; mark: string }[]
  /** Codes that no report may end with. */
  bugs: { sql: string; output: string }[]
  /** Connections that a server on this machine was asked for. */
  visits: number
  /** Files that queries left beside the dataset. */
  strays: string[]
}

export async function attackTenants(folder: string, size: Size): Promise<Found> {
  const random = createRandom(size.seed)
  const world = await createWorld(folder, random)
  const { server, url, visits } = await listen()
  const found: Found = {
    queries: 0,
    checked: 0,
    sawOwn: 0,
    reports: 0,
    byCode: {},
    leaks: [],
    bugs: [],
    visits: 0,
    strays: [],
  }
  const before = readdirSync(folder)
  const attackBy = (tenant: Tenant): string => {
    const others = world.clients.filter((name) => name !== tenant.client)
    const victim = tenant.center !== null && random(4) === 0 ? tenant.client : others[random(others.length)]!
    return createAttack({ world, victim, url }, random)
  }
  for (const client of world.clients) {
    await attackCopy(world, { client, center: random(2) ? null : centers[random(2)]! }, attackBy, size, found)
  }
  for (let index = 0; index < size.reports; index++) {
    const client = world.clients[random(world.clients.length)]!
    const tenant = { client, center: random(2) ? null : centers[random(2)]! }
    await attackReport(world, { ...placeOf(attackBy(tenant), random), tenant }, size, found)
  }
  server.close()
  found.visits = visits()
  const own = [...before, 'work', 'spill']
  found.strays = readdirSync(folder).filter((name) => !own.includes(name) && !name.startsWith('copy-'))
  return found
}

async function attackCopy(
  world: World,
  tenant: Tenant,
  attackBy: (tenant: Tenant) => string,
  { perClient, queryMs }: Size,
  found: Found,
): Promise<void> {
  const name = `copy-${world.clients.indexOf(tenant.client)}.duckdb`
  const copy = await openTenant(world, tenant, name)
  const own = centers
    .filter((center) => tenant.center === null || center === tenant.center)
    .map((center) => markOf(tenant.client, center))
  for (let index = 0; index < perClient; index++) {
    const sql = attackBy(tenant)
    const { leaked, output, isChecked } = await copy.attempt(sql, queryMs)
    found.queries += 1
    if (isChecked) found.checked += 1
    if (own.some((mark) => output.includes(mark))) found.sawOwn += 1
    if (leaked !== undefined) found.leaks.push({ sql, tenant, mark: leaked })
  }
  copy.close()
}

async function attackReport(world: World, attempt: Attempt, { reportMs }: Size, found: Found): Promise<void> {
  const { leaked, code = 'rows', output } = await attemptReport(world, attempt, reportMs)
  const { sql, tenant } = attempt
  found.reports += 1
  found.byCode[code] = (found.byCode[code] ?? 0) + 1
  if (leaked !== undefined) found.leaks.push({ sql, tenant, mark: leaked })
  if (code === 'BUG') found.bugs.push({ sql, output })
}

function placeOf(sql: string, random: (below: number) => number): Pick<Attempt, 'sql' | 'place' | 'format'> {
  const place = (['query.sql', 'query.sql', 'totals.sql', 'chart.sql'] as const)[random(4)]!
  const format = (['csv', 'json', 'html'] as const)[random(3)]!
  if (place !== 'chart.sql' || random(2)) return { sql, place, format }
  return { sql: `SELECT mark, 1 AS n FROM (${sql})`, place, format }
}

async function listen(): Promise<{ server: Server; url: string; visits(): number }> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { server, url: `http://127.0.0.1:${port}`, visits: () => count }
}
