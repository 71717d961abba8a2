/**
 * `hugo-site.ts SEED JOBS RUNS INDEX FOLDER`: a Hugo site of the same pages. What our templates would be filled with becomes
 * each page's front matter, ready to show, so that Hugo works out nothing; the rest are static files.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { benchWorld } from './bench-world.ts'
import { translateTemplate } from './hugo-template.ts'

const templates = ['index', 'job', 'calendar', 'reports', 'report', 'help']

// Where the pages are made, their data is written instead. A process of its own, so that nothing else meets this.
registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('/engine/reports/template.ts')) return nextLoad(url, context)
    const source = 'export const compilePage = (template) => (data) => self.asFrontMatter(template, data)'
    return { format: 'module', source, shortCircuit: true }
  },
})
const { renderClientSite } = await import('../../engine/catalog/site.ts')
const { clientView } = await import('../../engine/catalog/views.ts')
const { words } = await import('../../engine/catalog/words.ts')

const [seed = '', jobs = '', runs = '', index = '', folder = ''] = process.argv.slice(2)
const view = clientView(benchWorld(seed, Number(jobs), Number(runs), Number(index)))

Object.assign(globalThis, {
  self: { asFrontMatter },
})

for (const name of templates) write(`layouts/_default/${name}.html`, translateTemplate(name))
write(
  'config.json',
  JSON.stringify({
    baseURL: '/',
    disableKinds: ['home', 'section', 'taxonomy', 'term', 'RSS', 'sitemap', 'robotsTXT', '404'],
    params: {
      words: lower(words),
      view: lower({
        title: view.title,
        timezone: view.timezone,
        asOf: view.asOf,
        today: view.today,
        jobs: true,
      }),
    },
  }),
)
for (const [path, content] of renderClientSite(view)) {
  if (!path.endsWith('.html')) write(`static/${path}`, content)
  // Hugo takes an index.md for something else.
  else
    write(
      `content/${dirname(path)}/page-${basename(path, '.html')}.md`,
      content.replace('{', `{"url":"${path}",`),
    )
}

function asFrontMatter(template: string, data: { [shown: string]: unknown }): string {
  const { view: _view, words: _words, ...d } = data
  const main = /<main id="content" class="(\w+)"/.exec(template)?.[1] ?? ''
  const layout = main === 'list' ? 'index' : main === 'reports' && 'report' in d ? 'report' : main
  return `${JSON.stringify({ layout, d: lower(d) })}\n`
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** Hugo lowers the names of front matter, but not in lists; here all are low. */
function lower(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lower)
  if (typeof value === 'function') return ''
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), lower(inner)]))
}
