import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { renderClientSite, writeSite } from '../../../engine/catalog/site.ts'
import { type ClientInput, clientView } from '../../../engine/catalog/views.ts'
import {
  acme,
  borealisWorld,
  cobaltWorld,
  hidden,
  now,
  reportFile,
  reportSteps,
  runOf,
  snapshotOf,
  type World,
} from '../../fixtures/catalog.ts'
import { endOfDay, runs, snapshots } from '../../fixtures/catalog-acme.ts'

const acmeShown = ['Acme Care', 'Dallas', 'eod-call-detail', 'End-of-day call detail', 'Autumn win-back']
const acmeWorld: World = {
  client: acme,
  shown: acmeShown,
  marks: [...acmeShown, 'acme', 'boise', 'jane.doe', 'winter-renewal', ...runs.map(({ id }) => id)],
  snapshots,
  runs,
}
const worlds = [acmeWorld, borealisWorld, cobaltWorld]
/** Everything that the engine knows, of all clients. */
const everything: Omit<ClientInput, 'client'> = {
  snapshots: worlds.flatMap((world) => world.snapshots),
  runs: worlds.flatMap((world) => world.runs),
  now,
  facts: null,
  versions: new Map(),
  invalid: [
    { job: 'acme/monthly-billing', message: 'jobs.d/acme/monthly-billing.yaml:3:1' },
    { job: 'borealis/card-desk-calls', message: 'jobs.d/borealis/card-desk-calls.yaml:1:1' },
  ],
}
const chromium = '/usr/bin/chromium'

function siteOf(input: Partial<ClientInput> = {}): Map<string, string> {
  return new Map(renderClientSite(clientView({ client: acme, ...everything, ...input })))
}

function page(site: Map<string, string>, path: string): string {
  const content = site.get(path)
  if (content === undefined) throw new Error(`no ${path}`)
  return content
}

t.test('a site is a list, a page for each job, months, reports, help and two assets', async (t) => {
  t.strictSame([...siteOf().keys()].sort(), [
    'assets/catalog.css',
    'assets/catalog.js',
    'calendar/2026-11.html',
    'calendar/2026-12.html',
    'calendar/calendar.ics',
    'help/index.html',
    'index.html',
    ...snapshots.map(({ manifest }) => `jobs/${manifest.name}.html`).sort(),
    'reports/call-call-detail.html',
    'reports/index.html',
  ])
  t.strictSame(siteOf(), siteOf(), 'the same view gives the same bytes')
})

t.test('a bundle holds nothing of another client and nothing that is nobody’s to see', async (t) => {
  for (const world of worlds) {
    const site = siteOf({ client: world.client })
    const whole = [...site].flat().join('\n')
    for (const text of world.shown) t.ok(whole.includes(text), `${world.client.name} sees ${text}`)
    const foreign = worlds.filter((other) => other !== world).flatMap(({ marks }) => marks)
    const found = [...foreign, ...hidden].filter((text) => whole.toLowerCase().includes(text.toLowerCase()))
    t.strictSame(found, [], `${world.client.name} sees nothing else`)
    t.strictSame(whole.match(/[\w.]+@[\w.]+/g), null, 'no address in clear')
  }
})

t.test('hostile text stays text', async (t) => {
  const hostile = `<script>alert(1)</script> "' onfocus=x style=y {{x}} javascript:alert(2) <!-- \`=\``
  const client = { ...acme, title: hostile, callCenters: [{ name: 'dallas', title: hostile }] }
  const snapshot = snapshotOf({
    client,
    name: 'hostile',
    title: hostile,
    description: hostile,
    scope: 'call-center',
    steps: reportSteps(acme, 'jane.doe@acme.example').map((step) => ({ ...step, path: hostile })) as never,
  })
  const run = runOf({
    snapshot,
    slot: now,
    callCenter: 'dallas',
    type: 'ftp-in',
    files: [reportFile('trigger', hostile, 1, now, 'UTC')],
    steps: [{ name: 'upload', next: 'end', delivers: [{ target: 'sftp:x:y', fileName: hostile, size: 1 }] }],
  })
  const site = siteOf({ client, snapshots: [snapshot], runs: [run] })
  for (const path of ['index.html', 'jobs/hostile.html']) {
    const html = page(site, path)
    t.match(html, '&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#x27;', 'it is shown as it is')
    t.match(html, '{{x}}', 'it is never a template')
    t.equal(html.match(/<script/g)?.length, 1, 'only our own script')
    t.equal(html.match(/<!--/g), null)
    const tags = html.match(/<[a-z][^>]*>/g) ?? []
    t.strictSame(
      tags.filter((tag) => /\s(on\w+|style)\s*=/.test(tag)),
      [],
      'no attribute of its own',
    )
    t.strictSame(
      tags.filter((tag) => /(href|src)="(?![\w./#-]*")/.test(tag)),
      [],
      'links are plain relative paths',
    )
  }
})

t.test('pages load nothing from outside, are not indexed, and forbid everything else', async (t) => {
  for (const [path, content] of siteOf()) {
    t.notMatch(content, /https?:\/\/|url\((?!#)|@import/, path)
    if (!path.endsWith('.html')) continue
    t.match(content, `content="default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';`)
    t.match(content, '<meta name="robots" content="noindex')
    t.notMatch(content, /<script(?! src=)|<style|<(form|iframe|img)\b/, path)
  }
})

t.test('every link leads to a page and a place that are there', async (t) => {
  const site = siteOf()
  for (const [path, html] of site) {
    if (!path.endsWith('.html')) continue
    for (const [, link = ''] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
      const [file = '', place] = link.split('#')
      const target = file === '' ? path : posix.join(posix.dirname(path), file)
      t.ok(site.has(target), `${path} -> ${link}`)
      if (place !== undefined) t.ok(page(site, target).includes(`id="${place}"`), `${path} -> ${link}`)
    }
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    t.equal(new Set(ids).size, ids.length, `ids of ${path} are unique`)
  }
})

t.test('tables are read aloud well: captions, scopes, labelled boxes', async (t) => {
  for (const [path, html] of siteOf()) {
    if (!path.endsWith('.html')) continue
    for (const [table] of html.matchAll(/<table[\s\S]*?<\/table>/g)) {
      t.match(table, /<caption[^>]*>[^<]+<\/caption>/, path)
      t.notMatch(table, /<th(?![^>]*scope=)[ >]/, path)
    }
    for (const [input] of html.matchAll(/<input[^>]*>/g)) {
      const id = /id="([^"]*)"/.exec(input)?.[1]
      t.ok(input.includes('aria-label=') || html.includes(`<label for="${id}"`), input)
    }
    t.match(html, '<html lang="en">')
    t.equal(html.match(/<h1>/g)?.length, 1)
  }
})

t.test('the list and a job have what the Jobs window had', async (t) => {
  const site = siteOf()
  const list = page(site, 'index.html')
  for (const text of [
    'Filter',
    'Show disabled',
    'Trigger Type',
    'Last execution',
    'Next execution',
    'Refresh',
  ]) {
    t.match(list, text)
  }
  t.match(list, /<tr role="row" class="disabled">\s*<th[^>]*><a[^>]*>Legacy export/)
  t.match(list, /<p class="filter" hidden>/, 'the filter needs the script')
  t.match(list, 'datetime="2026-11-23T14:15:00-06:00">Mon 23 Nov 2026, 14:15</time>', 'as of')
  const job = page(site, 'jobs/eod-call-detail.html')
  for (const text of ['>General<', '>Schedules<', '>Job History<', '>Refresh<', '>Cancel<', '>Show Steps<']) {
    t.match(job, text)
  }
  for (const text of ['Next Success Step', 'Next Failure Step', '<details><summary>upload</summary>']) {
    t.match(job, text)
  }
})

t.test('a client without jobs, and a job without runs or schedules, have a page', async (t) => {
  t.match(page(siteOf({ snapshots: [] }), 'index.html'), 'There are no jobs yet.')
  const bare = snapshotOf({
    client: acme,
    name: 'bare',
    title: 'Bare',
    trigger: { type: 'manual' },
    steps: [],
  })
  const html = page(siteOf({ snapshots: [bare], runs: [] }), 'jobs/bare.html')
  t.match(html, 'This job has not run yet.')
  t.match(html, 'This job has no schedule.')
})

t.test('a job name that is no file name is refused', async (t) => {
  for (const name of ['../index', 'a/b', '', 'A']) {
    const snapshot = { ...endOfDay, manifest: { ...endOfDay.manifest, name } }
    t.throws(() => siteOf({ snapshots: [snapshot] }), { code: 'BAD_REQUEST' }, name)
  }
})

t.test(
  'writing changes what changed, leaves the rest, and deletes pages of jobs that are gone',
  async (t) => {
    const folder = join(t.testdir(), 'site', 'acme')
    await writeSite(folder, siteOf())
    const past = new Date('2020-01-01T00:00:00Z')
    for (const path of ['index.html', 'jobs/ftp-in.html']) utimesSync(join(folder, path), past, past)
    const notOurs = join(folder, 'jobs', 'notes.html')
    await writeSite(folder, new Map([['jobs/notes.html', 'of somebody else']]))
    t.notOk(existsSync(join(folder, 'jobs/ftp-in.html')), 'gone with its job')
    t.ok(existsSync(join(folder, 'index.html')), 'only pages of jobs are deleted')

    await writeSite(folder, siteOf())
    t.equal(readFileSync(notOurs, 'utf8'), 'of somebody else', 'a page that was not made here stays')
    t.strictSame(statSync(join(folder, 'index.html')).mtime, past, 'an unchanged page is left alone')
    await writeSite(folder, siteOf({ now: '2026-11-23T21:00:00.000Z' }))
    t.not(statSync(join(folder, 'index.html')).mtimeMs, past.getTime())
    t.match(readFileSync(join(folder, 'index.html'), 'utf8'), '15:00</time>')
    const names = readdirSync(folder, { recursive: true }).map(String)
    t.strictSame(
      names.filter((name) => name.includes('.tmp')),
      [],
    )
  },
)

t.test('nothing is written outside of the folder', async (t) => {
  for (const path of ['../x.html', '/x.html', 'a/../../x.html', 'a\\x.html', '.hidden', 'a//x', '']) {
    const root = t.testdir({ site: {} })
    const files = new Map([
      ['index.html', 'x'],
      [path, 'x'],
    ])
    await t.rejects(writeSite(join(root, 'site'), files), { code: 'SITE_FAILED' }, path)
    t.strictSame(readdirSync(root), ['site'])
    const inside = readdirSync(join(root, 'site'))
    t.strictSame(inside, ['index.html'], 'the good one, and nothing half written')
  }
})

t.test('links in the folder are not followed', async (t) => {
  const root = t.testdir({ outside: { 'secret.txt': 'keep' }, site: {} })
  const folder = join(root, 'site')
  symlinkSync(join(root, 'outside'), join(folder, 'jobs'))
  await t.rejects(writeSite(folder, siteOf()), { code: 'SITE_FAILED' })
  t.strictSame(readdirSync(join(root, 'outside')), ['secret.txt'])

  const other = join(root, 'other')
  mkdirSync(other)
  symlinkSync(join(root, 'outside', 'secret.txt'), join(other, 'index.html'))
  symlinkSync(join(root, 'outside', 'secret.txt'), join(other, '.index.html.tmp'))
  await writeSite(other, new Map([['index.html', 'page']]))
  t.equal(readFileSync(join(other, 'index.html'), 'utf8'), 'page')
  t.equal(readFileSync(join(root, 'outside', 'secret.txt'), 'utf8'), 'keep')
})

t.test('a folder that cannot be written is told by its reason', async (t) => {
  const root = t.testdir({ site: 'a file' })
  await t.rejects(writeSite(join(root, 'site'), siteOf()), { code: 'SITE_FAILED', message: /EEXIST|ENOTDIR/ })
})

const isMissing = !existsSync(chromium) && 'no chromium'
t.test(
  'the policy lets style and script of a file:// folder work in a browser',
  { skip: isMissing },
  async (t) => {
    const root = t.testdir({ site: {}, profile: {} })
    await writeSite(join(root, 'site'), siteOf())
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync']
    const offline = ['--disable-background-networking', '--disable-component-update', '--disable-quic']
    const args = [...flags, ...offline, `--user-data-dir=${join(root, 'profile')}`, '--dump-dom']
    const dom = execFileSync(chromium, [...args, pathToFileURL(join(root, 'site', 'index.html')).href], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    })
    t.match(dom, '6 of 7 shown', 'the script ran')
    t.match(dom, '<p class="filter">', 'the filter is offered')
  },
)
