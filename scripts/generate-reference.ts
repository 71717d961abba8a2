/** Writes docs/reference/<kind>.md from schemas/: a page a kind. `--check` only compares and exits 1 on a difference. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderPage } from './reference/page.ts'
import { openSchemas } from './reference/schemas.ts'

const root = join(import.meta.dirname, '..')
const kinds: Record<string, string> = {
  job: 'jobs.d/<client>/<name>.yaml',
  'job-test': 'jobs.d/<client>/<name>.test.yaml',
  client: 'jobs.d/<client>/client.yaml',
  'client-policy': 'jobs.d/platform/clients/<client>.yaml',
  connection: 'jobs.d/platform/connections/<name>.yaml',
  calendar: 'jobs.d/platform/calendars/<name>.yaml',
  'step-type': 'jobs.d/platform/step-types/<name>.yaml',
  settings: 'jobs.d/platform/settings.yaml',
  report: 'templates/reports/<category>/<name>/report.yaml',
}

const schemas = await openSchemas(join(root, 'schemas'))
for (const [kind, file] of Object.entries(kinds)) {
  const path = join(root, `docs/reference/${kind}.md`)
  const rendered = renderPage(schemas, `${kind}.json`, file)
  if (!process.argv.includes('--check')) {
    await writeFile(path, rendered)
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== rendered) {
    console.error(
      `docs/reference/${kind}.md differs from schemas/: run \`npm run generate\` and commit the result`,
    )
    process.exitCode = 1
  }
}
