/** What axe-core finds on an open page. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** WCAG 2.2 AA, and what axe's makers advise besides. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** All that another colour scheme changes. */
const colours = ['color-contrast', 'link-in-text-block']

interface Violation {
  id: string
  nodes: { html: string; failureSummary?: string }[]
}

/** Each violation with its first place, under all rules. */
export function listViolations(page: Page): Promise<string[]> {
  return run(page, rules)
}

/** The same in both colour schemes; the second time by the rules that it changes. */
export async function listViolationsInBothSchemes(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' })
  const found = await listViolations(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  return [...found, ...(await run(page, colours)).map((violation) => `dark: ${violation}`)]
}

async function run(page: Page, runOnly: string[]): Promise<string[]> {
  if (!(await page.evaluate('"axe" in self'))) await page.evaluate(axe)
  const { violations } = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)}, preload: false, resultTypes: ['violations'] })`,
  )) as { violations: Violation[] }
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary} (${nodes.length} such)`,
  )
}
