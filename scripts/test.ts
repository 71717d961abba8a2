/**
 * `npm test [-- FILES]`: runs the tests with tap, prints each skip by name, and ends with `N passed, N failed, N skipped`.
 * Exits 1 when a test failed or none ran.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..')
const tap = join(root, 'node_modules/@tapjs/run/dist/esm/index.js')
const files = process.argv.slice(2)
const environment = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' }

/** Runs tap and calls back for each line; resolves with its exit code. */
async function runTap(args: string[], onLine: (line: string) => void): Promise<number> {
  const child = spawn(process.execPath, [tap, ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) onLine(line)
  return (
    child.exitCode ??
    (await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1))))
  )
}

// Without its TypeScript plugin tap has to be built once: Node itself strips the types.
if (
  !existsSync(join(root, '.tap/plugins')) ||
  !existsSync(join(root, 'node_modules/@tapjs/test/test-built'))
) {
  const code = await runTap(['build'], (line) => console.error(line))
  if (code !== 0) process.exit(2)
}

let passed = 0
let failed = 0
let showing = false
const skipped: string[] = []
const path: string[] = []
const code = await runTap(['run', '--reporter=tap', ...files], (line) => {
  const match = /^( *)(not ok|ok) \d+(?: - (.*?))?( \{)?$/.exec(line.replace(/ # time=\S+/, ''))
  const depth = (/^ */.exec(line)?.[0].length ?? 0) / 4
  const subtest = /^ *# Subtest: (.*)$/.exec(line)
  if (subtest) path[depth] = subtest[1] as string
  if (match) {
    const [title, skip] = (match[3] ?? '').split(/ # SKIP ?/)
    const isFile = depth === 0 && match[2] === 'ok'
    if (skip !== undefined) skipped.push(`${[...path.slice(0, depth), title].join(' > ')}: ${skip}`)
    else if (match[2] === 'not ok') {
      failed += depth === 1 || depth === 0 ? 1 : 0
      console.log(`not ok  ${[...path.slice(0, depth), title].join(' > ')}`)
    } else if (depth === 1) passed += 1
    showing = match[2] === 'not ok'
    if (isFile) console.log(`ok      ${title}`)
  } else if (showing && !/^ *# Subtest|^ *\d+\.\.\d+/.test(line)) console.log(line)
})
for (const name of skipped) console.log(`skipped ${name}`)
if (code !== 0 && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
