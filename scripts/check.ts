/** `npm run check`: types, lint and format, and generated files that must equal their sources. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseOptions } from './parse-options.ts'

parseOptions(import.meta.filename, {})

const root = join(import.meta.dirname, '..')
const steps: [string, string[]][] = [
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  ['generated files', ['scripts/generate.ts', '--check']],
]
for (const [name, args] of steps) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  console.log(`${status === 0 ? 'ok     ' : 'failed '} ${name}`)
  if (status !== 0) process.exitCode = 1
}
