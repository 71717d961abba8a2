import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchFailure } from './failure.mjs'
import { takeInstallLock } from './install-lock.mjs'
import { runChild } from './run-child.mjs'

/**
 * Runs `npm ci` in a folder where that is needed. `look(folder)` says what is there: `ready`, `changed` (installed by
 * another lockfile) or `missing`. What is changed is installed anew to `develop`; to `run` it is only told, because an
 * engine may be running on it. Of several at once one installs and the others wait. Throws LaunchFailure.
 */
export async function installPackages(folder, what, purpose, look) {
  const found = look(folder)
  if (found === 'ready') return
  const isOutdated = `${what} in ${folder} are not those of package-lock.json`
  if (found === 'changed' && purpose === 'run') {
    console.error(`jobsd: ${isOutdated}; stop what runs on them and run \`npm ci\` there`)
    return
  }
  let release
  try {
    release = await takeInstallLock(folder, (pid) =>
      console.error(`jobsd: waiting for process ${pid}, which installs ${what} ...`),
    )
    if (look(folder) === 'ready') return
    console.error(`jobsd: installing ${what} ...`)
    // First of all: an install that is cut off must not look like one.
    for (const record of recordsOf(folder)) rmSync(record, { force: true })
    await runNpmCi(folder, what)
    writeFileSync(recordsOf(folder)[0], digestOf(folder))
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error
    if (found === 'missing') throw new LaunchFailure(`${what} are missing, and ${folder} is not writable`)
    console.error(`jobsd: ${isOutdated}, and it is not writable; going on with them`)
  } finally {
    release?.()
  }
}

async function runNpmCi(folder, what) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  // On Windows npm is npm.cmd, which only a shell finds; there is nothing of a user's in the line.
  const options = { cwd: folder, shell: process.platform === 'win32', stdio: ['ignore', 2, 2] }
  const code = await runChild('npm', args, options).catch((error) => {
    throw new LaunchFailure(`cannot run npm to install ${what}: ${error.message}`)
  })
  if (code > 128) throw new LaunchFailure(`installing ${what} was interrupted`, code)
  if (code !== 0)
    throw new LaunchFailure(`\`npm ci\` in ${folder} failed with ${code}: ${what} are not installed`)
}

/** What is installed in a folder, compared with its package-lock.json; to `run`, packages for development may lack. */
export function lookAtPackages(folder, purpose) {
  const [stamp, record] = recordsOf(folder).map(readText)
  if (stamp === undefined && record === undefined) return 'missing'
  if (stamp === digestOf(folder)) return 'ready'
  if (record === undefined) return 'changed'
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages
  const { packages: installed } = JSON.parse(record)
  const isThere = ([path, { version, integrity, optional, devOptional, dev }]) => {
    const found = installed[path]
    // Packages for other systems are optional, and not there.
    if (!found) return path === '' || optional || devOptional || (dev === true && purpose === 'run')
    return found.version === version && found.integrity === integrity
  }
  return Object.entries(wanted).every(isThere) ? 'ready' : 'changed'
}

/** Two records of a whole install: ours, and npm's own. Each is written last. */
function recordsOf(folder) {
  return ['.jobsd-installed', '.package-lock.json'].map((name) => join(folder, 'node_modules', name))
}

function digestOf(folder) {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
