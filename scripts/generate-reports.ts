/**
 * Writes docs/reports.md from templates/reports/ and the rows that test/fixtures/reports expects of each. `--check` only
 * compares and exits 1 on a difference.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type ReportExample, type ReportPart, renderReports } from './reference/reports.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'templates/reports')
const path = join(root, 'docs/reports.md')

async function readReport(id: string): Promise<ReportPart> {
  const definition = parse(await readFile(join(folder, id, 'report.yaml'), 'utf8'))
  const expected = join(root, 'test/fixtures/reports/expected', `${id}.yaml`)
  const { cases } = parse(await readFile(expected, 'utf8')) as { cases: ReportExample[] }
  return { id, definition, example: cases[0]! }
}

const parts: ReportPart[] = []
for (const category of ['inbound', 'call', 'campaign', 'agent', 'billing']) {
  const names = await readdir(join(folder, category))
  for (const name of names.sort()) parts.push(await readReport(`${category}/${name}`))
}
const head = await readFile(join(import.meta.dirname, 'reference/reports-head.md'), 'utf8')
const rendered = renderReports(head, parts)
if (!process.argv.includes('--check')) {
  await writeFile(path, rendered)
} else if ((await readFile(path, 'utf8').catch(() => '')) !== rendered) {
  console.error(
    'docs/reports.md differs from templates/reports/: run `npm run generate` and commit the result',
  )
  process.exitCode = 1
}
