import t from 'tap'
import { renderClientSite } from '../../engine/catalog/site.ts'
import { type ClientInput, clientView } from '../../engine/catalog/views.ts'
import type { Snapshot } from '../../engine/core/model.ts'
import { hidden, now } from '../fixtures/catalog.ts'
import { randomWorld } from '../fixtures/catalog-random.ts'

const clients = 50
const hostile = `<img src=x onerror=alert(1)> "' {{view.title}} </script>`
// Each client has another number of jobs, so that the number tells whose it is.
const worlds = Array.from({ length: clients }, (_, index) =>
  randomWorld({ seed: 'fifty', index, jobs: index + 3, runs: 5, now, hostile }),
)

/** Everything that the engine knows, as if nobody had asked for one client's part only. */
const everything: Omit<ClientInput, 'client'> = {
  now,
  snapshots: worlds.flatMap(({ input }) => input.snapshots),
  runs: worlds.flatMap(({ input }) => input.runs),
  invalid: worlds.flatMap(({ input }) => input.invalid),
  versions: new Map(worlds.flatMap(({ input }) => [...input.versions])),
  facts: {
    outcomes: worlds.flatMap(({ input }) => input.facts?.outcomes ?? []),
    versions: worlds.flatMap(({ input }) => input.facts?.versions ?? []),
    expectations: worlds.flatMap(({ input }) => input.facts?.expectations ?? []),
    since: Object.assign({}, ...worlds.map(({ input }) => input.facts?.since)),
  },
}

const ids = worlds.map(({ input }) => new Set(input.runs.map(({ id }) => id)))
const digests = worlds.map(
  ({ input }) => new Set(input.runs.flatMap(({ files }) => files.map(({ sha256 }) => sha256))),
)

t.test('of fifty clients, no file of a bundle holds a byte of another', async (t) => {
  let files = 0
  for (const [index, world] of worlds.entries()) {
    const others = worlds.filter((other) => other !== world)
    const rows = new Set(world.rowCounts)
    const foreignJobs = new Set(others.map(({ input }) => input.snapshots.length))
    const faults: string[] = []
    for (const [path, text] of renderClientSite(clientView({ ...everything, client: world.input.client }))) {
      files += 1
      const lower = `${path}\n${text}`.toLowerCase()
      for (const [mark] of lower.matchAll(/zx\d\dxz/g))
        if (mark !== world.mark) faults.push(`${path}: ${mark}`)
      for (const [id] of lower.matchAll(/\b[0-9a-f]{16}\b/g))
        if (ids.some((known, at) => at !== index && known.has(id))) faults.push(`${path}: run ${id}`)
      for (const [digest] of lower.matchAll(/\b[0-9a-f]{64}\b/g))
        if (!digests[index]?.has(digest)) faults.push(`${path}: digest ${digest}`)
      for (const [, count = ''] of lower.matchAll(/([\d,]+) rows?\b/g))
        if (!rows.has(Number(count.replaceAll(',', '')))) faults.push(`${path}: ${count} rows`)
      for (const [, count = ''] of lower.matchAll(/>(\d+) jobs?\b/g))
        if (foreignJobs.has(Number(count))) faults.push(`${path}: ${count} jobs`)
    }
    t.strictSame(faults, [], world.mark)
  }
  const jobs = worlds.reduce((sum, { input }) => sum + input.snapshots.length, 0)
  t.ok(files > jobs + clients * 7, `${files} files were searched`)
})

t.test(
  'no page holds an address, a host, a path, a secret, an error’s text, or markup of a text',
  async (t) => {
    for (const { input } of worlds.slice(0, 10)) {
      for (const [path, text] of renderClientSite(clientView({ ...everything, client: input.client }))) {
        if (path.startsWith('assets/catalog.')) continue
        const found = hidden.filter((each) => text.includes(each))
        t.strictSame(found, [], path)
        t.strictSame(text.match(/[\w.]+@[\w.]+/g), null, path)
        t.notMatch(text, /audit\b|former\b|\n\s+at \S|node_modules|\/srv\//, path)
        if (path.endsWith('.html')) t.notMatch(text, /<img|onerror=alert\(1\)>|<\/script> /, path)
      }
    }
  },
)

t.test('the search would find what is another’s', async (t) => {
  const [first, second] = worlds as [(typeof worlds)[0], (typeof worlds)[0]]
  const stolen = second.input.snapshots[0]
  if (!stolen) throw new Error('a client without jobs')
  const client = first.input.client
  const leaky: Snapshot = {
    ...stolen,
    job: `${client.name}/${stolen.manifest.name}`,
    manifest: { ...stolen.manifest, client: client.name },
    client,
  }
  const site = [...renderClientSite(clientView({ ...everything, client, snapshots: [leaky] }))]
  t.match(site.flat().join(), second.mark)
})
