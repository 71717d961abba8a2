/** A client's pages in a folder, and a browser that may open nothing else. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { renderClientSite, writeSite } from '../../engine/catalog/site.ts'
import { type ClientInput, clientView } from '../../engine/catalog/views.ts'

export interface Stage {
  /** The address of a page of the site. */
  url(path: string): string
  /** Paths of all pages. */
  pages(): string[]
  /** A page of a fresh window; wide, with scripts, in light colours unless told. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>
  /** Requests to anywhere else, breaches of the page's policy, errors on the console: of all windows so far. */
  troubles: string[]
}

export const [wide, phone] = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]

export async function writeStage(folder: string, input: ClientInput): Promise<void> {
  await writeSite(folder, renderClientSite(clientView(input)))
}

export function createStage(browser: Browser, folder: string): Stage {
  const root = `${pathToFileURL(folder).href}/`
  const troubles: string[] = []

  async function watch(context: BrowserContext): Promise<void> {
    context.on('request', (request) => {
      if (!request.url().startsWith(root)) troubles.push(`asks for ${request.url()}`)
    })
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text())
    })
    context.on('weberror', (error) => troubles.push(String(error.error())))
    // A breach of the policy is an error on the console as well; this one names it.
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => console.error('policy', event.violatedDirective, event.blockedURI))`,
    )
  }

  return {
    url: (path) => `${root}${path}`,
    pages: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((path) => path.endsWith('.html'))
        .sort(),
    async open(path, options = {}) {
      const context = await browser.newContext({ viewport: wide, offline: true, ...options })
      await watch(context)
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      await page.goto(`${root}${path}`)
      return page
    },
    troubles,
  }
}

/** What is seen of a column or list: the texts of visible matches, in order. */
export async function seen(page: Page, selector: string): Promise<string[]> {
  const texts: string[] = []
  for (const each of await page.locator(selector).all())
    if (await each.isVisible()) texts.push((await each.innerText()).trim())
  return texts
}

export function siteFolder(testdir: string): string {
  return join(testdir, 'site')
}
