import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchFailure } from './failure.mjs'
import { installPackages } from './install-packages.mjs'

const platform = process.platform === 'win32' ? 'win' : process.platform
const name = `node-${platform}-${process.arch}`

/** Whether a Node of that version runs TypeScript by itself and is one that the packages are for. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major === 22) return minor >= 22
  return major === 23 ? minor >= 6 : major > 23
}

/**
 * The path of a Node that is new enough: this one, or the one that npm has as a package, installed into `folder`.
 * Throws LaunchFailure.
 */
export async function findNode(folder, purpose, version = process.versions.node) {
  if (isNewEnough(version)) return process.execPath
  const lack = `jobsd needs Node 22.22 or newer, this is ${version}`
  if (wantedVersion(folder) === undefined) {
    throw new LaunchFailure(`${lack}, and npm has none for ${name}: please install it`)
  }
  try {
    await installPackages(folder, `a newer Node than ${version}, for this folder only,`, purpose, lookAtNode)
  } catch (error) {
    if (!(error instanceof LaunchFailure)) throw error
    throw new LaunchFailure(`${lack}, and it could not be fetched: ${error.message}`, error.exitCode)
  }
  const manifest = readManifest(folder)
  if (!manifest) throw new LaunchFailure(`${lack}, and npm did not bring ${name}; is there a network?`)
  return join(folder, 'node_modules', name, manifest.bin.node)
}

function lookAtNode(folder) {
  const manifest = readManifest(folder)
  if (!manifest) return 'missing'
  return manifest.version === wantedVersion(folder) ? 'ready' : 'changed'
}

function wantedVersion(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  return packages[`node_modules/${name}`]?.version
}

function readManifest(folder) {
  const path = join(folder, 'node_modules', name, 'package.json')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}
