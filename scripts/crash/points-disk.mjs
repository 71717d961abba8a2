/** Points before and after each call that makes something durable, or visible, on the engine's disk. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { relative, resolve, sep } from 'node:path'
import { plain } from './points-name.mjs'

/** A folder that is held by a handle is known by its own path. */
function ownPath(path) {
  return path.replace(/^\/proc\/self\/fd\/\d+(?=\/|$)/, (held) => {
    try {
      return fs.readlinkSync(held)
    } catch {
      return held // Closed again: no folder of the trial.
    }
  })
}

/** `roots`: pairs of a label and a folder; calls on other paths are no points. */
export async function watchDisk(reach, roots) {
  const paths = new WeakMap()
  const labelOf = (path) => {
    if (typeof path !== 'string') return undefined
    for (const [label, root] of roots) {
      const inside = relative(root, resolve(ownPath(path)))
      if (inside === '' || (inside !== '..' && !inside.startsWith(`..${sep}`)))
        return plain(`${label}/${inside}`)
    }
    return undefined
  }
  /** The last of the first two arguments that is a path is where the change becomes visible. */
  const placeOf = (args) => labelOf(typeof args[1] === 'string' ? args[1] : args[0])

  const names = ['rename', 'link', 'unlink', 'rm', 'mkdir', 'rmdir', 'copyFile', 'writeFile', 'symlink']
  for (const name of names) {
    const original = fs.promises[name]
    fs.promises[name] = async (...args) => {
      const place = placeOf(args)
      if (place === undefined) return original(...args)
      reach(`fs.${name} ${place} before`)
      const value = await original(...args)
      reach(`fs.${name} ${place} after`)
      return value
    }
    const originalSync = fs[`${name}Sync`]
    fs[`${name}Sync`] = (...args) => {
      const place = placeOf(args)
      if (place === undefined) return originalSync(...args)
      reach(`fs.${name} ${place} before`)
      const value = originalSync(...args)
      reach(`fs.${name} ${place} after`)
      return value
    }
  }

  const open = fs.promises.open
  const probe = await open(process.execPath, 'r')
  const handles = Object.getPrototypeOf(probe)
  await probe.close()
  fs.promises.open = async (path, flags, ...rest) => {
    const place = labelOf(path)
    const makes = typeof flags === 'string' ? /[wa]/.test(flags) : ((flags ?? 0) & fs.constants.O_CREAT) !== 0
    if (place !== undefined && makes) reach(`fs.open ${place} before`)
    const handle = await open(path, flags, ...rest)
    if (place !== undefined) paths.set(handle, place)
    if (place !== undefined && makes) reach(`fs.open ${place} after`)
    return handle
  }
  for (const name of ['sync', 'datasync', 'write', 'truncate']) {
    const original = handles[name]
    handles[name] = async function (...args) {
      const place = paths.get(this)
      if (place === undefined) return original.apply(this, args)
      reach(`fs.${name} ${place} before`)
      const value = await original.apply(this, args)
      reach(`fs.${name} ${place} after`)
      return value
    }
  }
  // Named imports of these modules see the change only then.
  syncBuiltinESMExports()
}
