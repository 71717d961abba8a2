// Runs a TypeScript entry under a new enough Node, after installing what is missing: `node scripts/run.mjs FILE [ARGS]`.
// Plain JavaScript for any Node >= 18, since it is what decides which Node runs the rest.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const needed = [22, 22]
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const runtime = join(root, 'scripts', 'runtime')

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** Runs `npm ci` in a folder unless its lockfile is the one that was installed last. */
function install(folder, why) {
  const digest = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  const stamp = join(folder, 'node_modules', '.jobsd-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  console.error(`installing ${why} ...`)
  // npm is a script (npm.cmd on Windows): a shell finds it; there is nothing of a user's in the line.
  execFileSync('npm ci --no-audit --no-fund --loglevel=error', {
    cwd: folder,
    shell: true,
    stdio: ['ignore', 2, 2],
  })
  writeFileSync(stamp, digest)
}

/** The path of a Node that is new enough: this one, or the one that npm has as a package. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  install(runtime, `a newer Node than ${process.versions.node}, for this folder only`)
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  try {
    const require = createRequire(join(runtime, 'package.json'))
    const manifest = require.resolve(`${name}/package.json`)
    return join(dirname(manifest), require(manifest).bin.node)
  } catch {
    console.error(
      `jobsd needs Node >= ${needed.join('.')}; this is ${process.versions.node}, and npm has no newer one for ${name}. Please install it.`,
    )
    process.exit(2)
  }
}

const [file, ...args] = process.argv.slice(2)
if (!file) {
  console.error('usage: node scripts/run.mjs FILE [ARGS]')
  process.exit(2)
}
try {
  install(root, 'the packages')
} catch (error) {
  console.error(`npm ci failed: ${error.message}`)
  process.exit(2)
}
const node = findNode()
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, file), ...args], {
  stdio: 'inherit',
  cwd: process.cwd(),
})
// The child shares the terminal's process group, so Ctrl-C reaches it by itself; other signals are passed on.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
})
