/** The machine's own browser, for the catalog's pages. */
import { type Browser, chromium } from 'playwright-core'
import { findChromium } from '../pictures/find-chromium.ts'

const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-gpu']

/** Starts it without a window. Throws where there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('there is no Chromium: name one with CHROMIUM=PATH')
  return chromium.launch({ executablePath, args: [...quiet, '--no-sandbox', '--font-render-hinting=none'] })
}
