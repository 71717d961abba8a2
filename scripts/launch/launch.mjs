import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LaunchFailure } from './failure.mjs'
import { findNode } from './find-node.mjs'
import { installPackages, lookAtPackages } from './install-packages.mjs'
import { runChild } from './run-child.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const engineFile = join('engine', 'main.ts')

/**
 * Runs a TypeScript file of this checkout under a new enough Node, after installing what is missing. Ends this process
 * with its exit code; with 2 and a line on stderr where it could not be started.
 */
export async function launch(file, args) {
  // An engine may be running from here, and a command beside it must not take its packages away.
  const purpose = file === engineFile ? 'run' : 'develop'
  process.exit(await run(file, args, purpose).catch(tellFailure))
}

async function run(file, args, purpose) {
  await installPackages(root, 'the packages', purpose, (folder) => lookAtPackages(folder, purpose))
  const node = await findNode(join(root, 'scripts', 'runtime'), purpose)
  const all = ['--disable-warning=ExperimentalWarning', join(root, file), ...args]
  return runChild(node, all, { stdio: 'inherit' }).catch((error) => {
    throw new LaunchFailure(`cannot run ${node}: ${error.message}`)
  })
}

function tellFailure(error) {
  // Anything else is a mistake in here, or a disk's.
  console.error(error instanceof LaunchFailure ? `jobsd: ${error.message}` : error)
  return error instanceof LaunchFailure ? error.exitCode : 2
}
