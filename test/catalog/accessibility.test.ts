import '../fakes/clean-children.ts'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../../scripts/catalog/browser.ts'
import { findChromium } from '../../scripts/pictures/find-chromium.ts'
import { now } from '../fixtures/catalog.ts'
import { randomWorld } from '../fixtures/catalog-random.ts'
import { acmeInput } from '../fixtures/catalog-site.ts'
import { listViolations, listViolationsInBothSchemes } from './axe.ts'
import { createStage, phone, wide, writeStage } from './stage.ts'

const skip = findChromium() === undefined && 'no chromium'
/** Every type of page, and every part of a job's page. */
const views = [
  'index.html',
  'jobs/eod-call-detail.html#general',
  'jobs/eod-call-detail.html#schedules',
  'jobs/eod-call-detail.html#history',
  'jobs/ftp-in.html#schedules',
  'calendar/2026-11.html',
  'reports/index.html',
  'reports/call-call-detail.html',
  'help/index.html',
]
const many = randomWorld({ seed: 'axe', index: 7, jobs: 520, runs: 0, now }).input
let browser: Browser
let folder: string

t.before(async () => {
  if (skip) return
  folder = t.testdir({})
  await writeStage(join(folder, 'acme'), acmeInput)
  await writeStage(join(folder, 'many'), many)
  browser = await openBrowser()
})
t.teardown(() => browser?.close())

/** Everything that a reader may unfold. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate(`document.querySelectorAll('details').forEach((each) => (each.open = true))`)
  for (const id of ['show-steps', 'show-disabled']) {
    const box = page.locator(`#${id}:visible`)
    if ((await box.count()) > 0) await box.check()
  }
}

for (const viewport of [wide, phone])
  t.test(`axe finds nothing on any page, light and dark, ${viewport.width} wide`, { skip }, async (t) => {
    for (const [site, paths] of [
      ['acme', views],
      ['many', ['jobs-2.html']],
    ] as const) {
      const stage = createStage(browser, join(folder, site))
      const page = await stage.open('index.html', { viewport })
      for (const path of paths) {
        await page.goto(stage.url(path))
        await unfold(page)
        t.strictSame(await listViolationsInBothSchemes(page), [], `${site}/${path}`)
        const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        t.ok(Number(tooWide) <= 0, `${site}/${path} needs no sideways scrolling`)
      }
      await page.context().close()
      t.strictSame(stage.troubles, [])
    }
  })

t.test('a list in pages is searched as a whole', { skip }, async (t) => {
  const stage = createStage(browser, join(folder, 'many'))
  const page = await stage.open('jobs-2.html')
  const found = page.locator('.found')
  await page.locator('.found:not(:empty)').waitFor()
  const [first, last] = [many.snapshots[0], many.snapshots.at(-1)]
  await page.getByRole('searchbox').fill(first?.manifest.name ?? '')
  t.match(await found.innerText(), /of 520 shown/)
  t.match(await page.locator('#jobs tbody').innerText(), first?.manifest.title)
  await page.getByRole('searchbox').fill(last?.manifest.name ?? '')
  t.match(await page.locator('#jobs tbody').innerText(), last?.manifest.title)
  t.strictSame(await listViolations(page), [], 'a row that was made in the browser')
  await page.getByRole('searchbox').fill('zx07')
  await page.getByRole('button', { name: /^Show \d+ more$/ }).click()
  await page.locator('#jobs tbody tr').nth(399).waitFor()
  t.equal(await page.locator('#jobs tbody tr').count(), 401, 'twice as many, and the button')
  t.strictSame(stage.troubles, [])
})

t.test('axe would have found something', { skip }, async (t) => {
  const page = await createStage(browser, join(folder, 'acme')).open('index.html')
  await page.evaluate(`document.querySelector('label[for="show-disabled"]').remove()`)
  t.match((await listViolations(page)).join(), /label/)
})
