import '../fakes/clean-children.ts'
import type { Browser } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../../scripts/catalog/browser.ts'
import { findChromium } from '../../scripts/pictures/find-chromium.ts'
import { acmeInput } from '../fixtures/catalog-site.ts'
import { createStage, phone, type Stage, seen, writeStage } from './stage.ts'

const skip = findChromium() === undefined && 'no chromium'
const names = ['Calls for a dispute', 'Campaign summary', 'End-of-day call detail', 'Intraday agent summary']
const enabled = [...names, 'Monthly usage for billing', 'Posted campaign files']
const eod = 'jobs/eod-call-detail.html'
let browser: Browser
let stage: Stage
let folder: string

t.before(async () => {
  if (skip) return
  folder = t.testdir({})
  await writeStage(folder, acmeInput)
  browser = await openBrowser()
  stage = createStage(browser, folder)
})
t.teardown(() => browser?.close())

t.test('the list hides disabled jobs until they are asked for', { skip }, async (t) => {
  const page = await stage.open('index.html')
  t.strictSame(await seen(page, '.job-link'), enabled)
  t.equal(await page.locator('.found').innerText(), '6 of 7 shown')
  await page.getByLabel('Show disabled').check()
  t.match(await seen(page, '.job-link'), ['Calls for a dispute', /./, /./, /./, 'Legacy export'])
  t.match(await page.locator('.disabled').innerText(), /disabled/)
})

t.test('the filter finds by name, type and schedule, and its state is a link', { skip }, async (t) => {
  const page = await stage.open('index.html')
  const filter = page.getByRole('searchbox', { name: 'Filter' })
  await filter.pressSequentially('bill')
  t.strictSame(await seen(page, '.job-link'), ['Monthly usage for billing'])
  await filter.fill('FTPIN')
  t.strictSame(await seen(page, '.job-link'), ['Posted campaign files'])
  await filter.fill('nobody has this')
  t.strictSame(await seen(page, '.job-link'), [])
  t.ok(await page.getByText('No job fits the filter.').isVisible())
  await filter.fill('export')
  await page.getByLabel('Show disabled').check()
  await page.getByRole('button', { name: /^job\b/i }).click()

  const again = await stage.open('index.html')
  await again.goto(page.url())
  await again.reload()
  t.strictSame(await seen(again, '.job-link'), ['Legacy export'])
  t.equal(await again.getByRole('searchbox').inputValue(), 'export')
  t.ok(await again.getByLabel('Show disabled').isChecked())
  t.equal(await again.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending')
})

t.test('a column heading sorts the list, once more the other way', { skip }, async (t) => {
  const page = await stage.open('index.html')
  const heading = page.getByRole('button', { name: 'Last execution' })
  await heading.click()
  await heading.click()
  t.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'descending')
  t.strictSame((await seen(page, '.job-link')).slice(1, 3), [
    'Intraday agent summary',
    'Posted campaign files',
  ])
})

t.test('a job opens on General: the facts, and its steps in sequence', { skip }, async (t) => {
  const page = await stage.open('index.html')
  await page.getByRole('link', { name: 'End-of-day call detail' }).last().click()
  t.equal(await page.locator('h1').innerText(), 'End-of-day call detail')
  t.strictSame(await seen(page, '.panel h2'), ['General'])
  t.strictSame(await seen(page, '.tabs a[aria-current]'), ['General'])
  t.match(await page.locator('.facts').innerText(), /Trigger Type\s+Scheduled/)
  t.strictSame(await seen(page, '.steps thead th'), [
    'Name',
    'Type',
    'Next Success Step',
    'Next Failure Step',
  ])
  t.strictSame(await seen(page, '.steps summary'), ['build', 'upload', 'mail', 'tell'])
  const upload = page.locator('#step-upload')
  t.strictSame(await upload.locator('td').allInnerTexts(), ['FTPOutCopy', 'mail', 'tell'])
  t.ok(await page.locator('.flow svg').isVisible(), 'the graph is drawn')
  t.equal(await page.locator('.arrow.walked').count(), 3, 'build, upload, tell: as the last run went')
})

t.test('a step opens by a double click, by Enter, and by a tap', { skip }, async (t) => {
  const page = await stage.open(eod)
  await page.locator('#step-mail td').first().dblclick()
  t.match(await page.locator('#step-mail .details').innerText(), /To\s+j\*\*\*@acme\.example/)
  await page.locator('#step-upload summary').dblclick()
  t.match(await page.locator('#step-upload .details').innerText(), /Destination\s+Acme Care SFTP site/)
  await page.locator('#step-build summary').focus()
  await page.keyboard.press('Enter')
  t.match(await page.locator('#step-build .details').innerText(), /Report\s+Call Detail/)

  const small = await stage.open('jobs/monthly-billing.html', { viewport: phone, hasTouch: true })
  await small.locator('#step-to-cloud summary').tap()
  t.match(await small.locator('#step-to-cloud .details').innerText(), /Destination\s+acme-cloud/)
})

t.test('Schedules tells the schedules, since when, and the next ten executions', { skip }, async (t) => {
  const page = await stage.open(eod)
  await page.getByRole('link', { name: 'Schedules' }).click()
  t.strictSame(await seen(page, '.panel h2'), ['Schedules'])
  const schedules = page.locator('#schedules table').first()
  t.match(await schedules.innerText(), /weekdays[\s\S]*America\/Chicago[\s\S]*Yes, since[\s\S]*23 Nov 2026/)
  const upcoming = await seen(page, '.upcoming tbody tr:not(.off) th')
  t.equal(upcoming.length, 10)
  t.match(await page.locator('.upcoming tr.off').first().innerText(), /26 Nov 2026[\s\S]*Thanksgiving/)
})

t.test(
  'Job History tells changes, each step’s last execution, and the steps of each',
  { skip },
  async (t) => {
    const page = await stage.open(eod)
    await page.getByRole('link', { name: 'Job History' }).click()
    t.strictSame(await seen(page, '.panel h2'), ['Job History'])
    const lastSteps = await seen(page, '.last-steps tbody tr')
    t.equal(lastSteps.length, 4)
    t.match(
      lastSteps[1],
      /upload[\s\S]*Tampa[\s\S]*Failed[\s\S]*could not be reached/,
      'not another’s success',
    )
    t.match(await page.locator('.changes').innerText(), /weekdays.*18:30.*before.*20:00/s)
    t.match(await page.locator('.days figcaption').innerText(), /something failed on 1 day/)
    t.strictSame(await seen(page, '.run-steps'), [], 'steps are folded')
    await page.locator('.toggle-face').first().click()
    t.equal((await seen(page, '.run-steps')).length, 1)
    await page.getByLabel('Show Steps', { exact: true }).check()
    const shown = await seen(page, '.run-steps')
    t.equal(shown.length, 20, 'all that are listed')
    t.match(shown.join(), /acme_dallas_20261119\.csv[\s\S]*284 kB[\s\S]*SHA-256 [0-9a-f]{64}/)
    t.match(shown.join(), /Being checked/)
  },
)

t.test('a link to one execution opens it', { skip }, async (t) => {
  const page = await stage.open(`${eod}#run-${acmeInput.runs.find(({ state }) => state === 'failed')?.id}`)
  t.strictSame(await seen(page, '.panel h2'), ['Job History'])
  t.strictSame(await seen(page, '.tabs a[aria-current]'), ['Job History'])
  t.match(await seen(page, '.run-steps'), [/upload[\s\S]*What this means for you/])
  await page.getByRole('link', { name: 'What this means for you' }).last().click()
  t.match(await page.locator(':target').innerText(), /server or firewall/)
})

t.test('Refresh reads the page anew and stays on its tab', { skip }, async (t) => {
  const page = await stage.open(`${eod}#schedules`)
  await writeStage(folder, { ...acmeInput, now: '2026-11-23T21:40:00.000Z' })
  t.match(await page.locator('.as-of').innerText(), /14:15/)
  await page.getByRole('link', { name: 'Refresh' }).click()
  await page.getByText('15:40').first().waitFor()
  t.strictSame(await seen(page, '.panel h2'), ['Schedules'])
  await writeStage(folder, acmeInput)
})

t.test('Cancel leads back to the window that one came from', { skip }, async (t) => {
  const page = await stage.open('index.html')
  await page.getByRole('searchbox').fill('billing')
  await page.locator('.job-link:visible').click()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.locator('.found').waitFor()
  t.strictSame(await seen(page, '.job-link'), ['Monthly usage for billing'], 'with its filter')
  const direct = await stage.open('jobs/ftp-in.html')
  await direct.getByRole('link', { name: 'Cancel' }).click()
  t.equal(direct.url(), stage.url('index.html'))
})

t.test(
  'a stranger reads what runs next, what was sent, and what to do about a failure',
  { skip },
  async (t) => {
    const page = await stage.open('index.html')
    const [attention = '', next = '', last = ''] = await seen(page, '.card')
    t.match(
      attention,
      /End-of-day call detail[\s\S]*20 Nov 2026, 18:30, Tampa, failed\. The other side could not/,
    )
    t.match(attention, 'What you can do: See whether your server or firewall was changed. Then tell customer')
    t.match(next, /Mon 23 Nov 2026, 18:30 End-of-day call detail/)
    t.match(last, /Succeeded Posted campaign files/)
    await page.getByRole('link', { name: 'End-of-day call detail' }).first().click()
    t.match(await page.locator('.notice.bad').innerText(), 'What you can do: See whether')
  },
)

t.test('times are told in the reader’s own zone when asked', { skip }, async (t) => {
  const page = await stage.open(`${eod}#schedules`, { timezoneId: 'Asia/Tokyo' })
  await page.getByLabel('Show times in my own zone').check()
  t.match(await page.locator('.upcoming th time').first().innerText(), /24 Nov 2026, 09:30.*GMT\+9/)
})

t.test('the keyboard alone is enough', { skip }, async (t) => {
  const page = await stage.open('index.html')
  const walk = async (until: string) => {
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      const focused = page.locator(':focus')
      const outline = await focused.evaluate('(element) => getComputedStyle(element).outlineStyle')
      const label = ((await focused.textContent()) || (await focused.getAttribute('id')) || '').trim()
      if (outline === 'none' && !(await focused.getAttribute('class'))?.includes('toggle'))
        t.fail(`${label} does not show that it has the focus`)
      if (label === until) return
    }
    t.fail(`Tab never comes to ${until}`)
  }
  await page.keyboard.press('Tab')
  t.equal(await page.locator(':focus').innerText(), 'Skip to content')
  await page.keyboard.press('Enter')
  await walk('filter')
  await page.keyboard.type('end-of-day')
  await walk('End-of-day call detail')
  await page.keyboard.press('Enter')
  await page.locator('.tabs').waitFor()
  await walk('Job History')
  await page.keyboard.press('Enter')
  await walk('show-steps')
  await page.keyboard.press('Space')
  t.equal((await seen(page, '.run-steps')).length, 20)
})

t.test('without scripts everything is there', { skip }, async (t) => {
  const options = { javaScriptEnabled: false }
  const list = await stage.open('index.html', options)
  t.strictSame(await seen(list, '.job-link'), enabled)
  await list.getByLabel('Show disabled').check()
  t.equal((await seen(list, '.job-link')).length, 7)
  t.notOk(await list.getByRole('searchbox').isVisible(), 'nothing is offered that does nothing')
  await list.getByRole('link', { name: 'End-of-day call detail' }).last().click()
  for (const tab of ['Schedules', 'Job History', 'General']) {
    await list.getByRole('link', { name: tab, exact: true }).click()
    t.strictSame(await seen(list, '.panel h2'), [tab])
  }
  await list.locator('#step-upload summary').click()
  t.ok(await list.locator('#step-upload .details').isVisible())
  await list.getByRole('link', { name: 'Job History', exact: true }).click()
  await list.getByLabel('Show Steps', { exact: true }).check()
  t.equal((await seen(list, '.run-steps')).length, 20)
  await list.getByRole('link', { name: 'Cancel' }).click()
  t.equal(list.url(), stage.url('index.html'))
})

t.test('on paper all parts follow each other, and nothing is there to be clicked', { skip }, async (t) => {
  const page = await stage.open(eod)
  await page.emulateMedia({ media: 'print' })
  t.strictSame(await seen(page, '.panel h2'), ['General', 'Schedules', 'Job History'])
  t.strictSame(await seen(page, '.tabs, .actions, .tools, .places'), [])
  t.ok(await page.locator('#step-mail .details').isVisible(), 'what is folded on the screen is not on paper')
})

t.test('nothing moves for who asked for no motion', { skip }, async (t) => {
  const page = await stage.open(eod, { reducedMotion: 'reduce' })
  const moving = await page.evaluate(
    `[...document.querySelectorAll('*')].filter((each) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(each)
      return transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior !== 'auto'
    }).length`,
  )
  t.equal(moving, 0)
})

t.test('no page asked for anything outside, broke its policy, or had an error', { skip }, async (t) => {
  t.strictSame(stage.troubles, [])
  const page = await stage.open('index.html')
  await page.evaluate(
    `document.body.append(Object.assign(new Image(), { src: 'https://example.com/x.png' }))`,
  )
  await page.waitForTimeout(100)
  t.match(stage.troubles.join(), /policy img-src/, 'a breach would have been seen')
})
