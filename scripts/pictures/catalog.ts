/**
 * `npm run pictures:catalog`: the catalog's pages as a customer sees them, at a phone's and a desk's width, into
 * docs/pictures/catalog-*.png. Does nothing without Chromium.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { renderClientSite, writeSite } from '../../engine/catalog/site.ts'
import { clientView } from '../../engine/catalog/views.ts'
import { acmeInput } from '../../test/fixtures/catalog-site.ts'
import { openBrowser } from '../catalog/browser.ts'
import { parseOptions } from '../parse-options.ts'
import { findChromium } from './find-chromium.ts'

parseOptions(import.meta.filename, {})

const folder = join(import.meta.dirname, '../../docs/pictures')
const [wide, phone] = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]
const shots = [
  { name: 'list', path: 'index.html', looks: [wide, phone] },
  { name: 'job', path: 'jobs/eod-call-detail.html', looks: [wide, phone] },
  { name: 'schedules', path: 'jobs/eod-call-detail.html#schedules', looks: [wide] },
  { name: 'history', path: 'jobs/eod-call-detail.html#history', looks: [wide, phone] },
  { name: 'calendar', path: 'calendar/2026-11.html', looks: [wide, phone] },
]

if (findChromium() === undefined) {
  console.log('pictures: skipped, there is no Chromium; name one with CHROMIUM=PATH')
  process.exit(0)
}
const work = await mkdtemp(join(tmpdir(), 'jobsd-pictures-'))
const browser = await openBrowser()
try {
  await writeSite(work, renderClientSite(clientView(acmeInput)))
  for (const { name, path, looks } of shots)
    for (const viewport of looks) {
      // A phone's in the dark, so that both schemes are seen.
      const colorScheme = viewport === phone ? 'dark' : 'light'
      const page = await browser.newPage({ viewport, colorScheme, offline: true })
      await page.goto(`${pathToFileURL(work).href}/${path}`)
      await page.screenshot({
        path: join(folder, `catalog-${name}${viewport === wide ? '' : `-${viewport.width}`}.png`),
        fullPage: viewport === wide && (name === 'list' || name === 'job'),
      })
      await page.close()
    }
} finally {
  await browser.close()
  await rm(work, { recursive: true, force: true })
}
console.log(`pictures: ${folder}`)
