/** Takes pictures of pages. They run nothing and load nothing. */
import { type Browser, chromium } from 'playwright-core'

export interface Look {
  /** CSS pixels. */
  width: number
  scheme: 'light' | 'dark'
}

export const looks: Look[] = [390, 1200].flatMap((width) => [
  { width, scheme: 'light' as const },
  { width, scheme: 'dark' as const },
])

export interface Shot {
  name: string
  /** PNG. */
  picture: Buffer
}

export interface Studio {
  /** The whole page; `isTooWide` where it has to be scrolled sideways. */
  shoot(html: string, look: Look): Promise<{ picture: Buffer; isTooWide: boolean }>
  /** All of them small on one page, as JPEG. */
  sheet(shots: Shot[], look: Look): Promise<Buffer>
  close(): Promise<void>
}

export async function openStudio(executablePath: string): Promise<Studio> {
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })

  async function openPage(html: string, { width, scheme }: Look) {
    const context = await browser.newContext({
      viewport: { width, height: 700 },
      colorScheme: scheme,
      javaScriptEnabled: false,
      offline: true,
    })
    const page = await context.newPage()
    await page.setContent(html)
    return { page, context }
  }

  return {
    async shoot(html, look) {
      const { page, context } = await openPage(html, look)
      const pageWidth = Number(await page.evaluate('document.documentElement.scrollWidth'))
      const picture = await page.screenshot({ fullPage: true })
      await context.close()
      return { picture, isTooWide: pageWidth > look.width }
    },
    async sheet(shots, { width, scheme }) {
      const [columns, shown] = width < 600 ? [8, 195] : [5, 320]
      const cells = shots.map(
        ({ name, picture }) =>
          `<figure><figcaption>${name}</figcaption><img width="${shown}" src="data:image/png;base64,${picture.toString('base64')}"></figure>`,
      )
      const style = `body{margin:8px;display:grid;grid-template-columns:repeat(${columns},${shown}px);gap:12px;font:11px sans-serif;background:#8b949e}figure{margin:0}img{display:block}`
      const html = `<!doctype html><style>${style}</style>${cells.join('')}`
      const sheetWidth = columns * (shown + 12) + 4
      const { page, context } = await openPage(html, { width: sheetWidth, scheme })
      const picture = await page.screenshot({ fullPage: true, type: 'jpeg', quality: 60 })
      await context.close()
      return picture
    },
    close: () => browser.close(),
  }
}
