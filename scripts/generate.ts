/** `npm run generate`: writes everything that is made from schemas/ and templates/reports/. `--check` only compares and exits 1 on a difference. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseOptions } from './parse-options.ts'

parseOptions(import.meta.filename, { options: { check: { type: 'boolean' } } })

for (const script of [
  'generate-types.ts',
  'generate-step-traits.ts',
  'generate-reference.ts',
  'generate-reports.ts',
]) {
  const args = [join(import.meta.dirname, script), ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
