/** How long the first keystroke in the filter takes: from the event to the frame that shows its answer. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'

declare const document: {
  querySelector(selector: string): { value: string; dispatchEvent(event: unknown): void } | null
}
declare const InputEvent: new (type: string, options: object) => unknown
declare function requestAnimationFrame(then: () => void): void

export interface Keystroke {
  /** Until the filter has done its work, in milliseconds. */
  workMs: number
  /** Until the next frame after it begins. */
  frameMs: number
}

/** Opens the list afresh, waits until it is ready, and types one letter. */
export async function timeFirstKeystroke(browser: Browser, site: string): Promise<Keystroke> {
  const page = await browser.newPage()
  try {
    await page.goto(pathToFileURL(join(site, 'index.html')).href)
    await page.waitForSelector('.found:not(:empty)')
    return await page.evaluate(
      () =>
        new Promise<Keystroke>((resolve) => {
          const filter = document.querySelector('#filter')
          if (!filter) throw new Error('there is no filter')
          setTimeout(() => {
            const startedMs = performance.now()
            filter.value = 'a'
            filter.dispatchEvent(new InputEvent('input', { bubbles: true }))
            const workMs = performance.now() - startedMs
            // The task after a frame's callbacks comes when that frame has been drawn.
            requestAnimationFrame(() =>
              setTimeout(() => resolve({ workMs, frameMs: performance.now() - startedMs })),
            )
          })
        }),
    )
  } finally {
    await page.close()
  }
}
