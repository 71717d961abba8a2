/** Where an open file really lies: between a look at a path and its opening a folder on the way can become a link. */
import { constants } from 'node:fs'
import { type FileHandle, open, readlink, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whether the file lies in that folder, a real path. Where the system cannot tell (only Linux can) it counts as there. */
export async function liesIn(file: FileHandle, folder: string): Promise<boolean> {
  const place = await placeOf(file)
  if (place === undefined) return true
  return dirname(place) === (folder.startsWith(heldFolders) ? await readlink(folder) : folder)
}

const heldFolders = '/proc/self/fd/'

/**
 * Holds a folder, a real path, by a handle: whatever becomes of its name meanwhile, what is done below `path` is done in
 * it. Where the system has no such path it is the folder's own. Throws ELOOP where it is another folder by now.
 */
export async function holdFolder(folder: string): Promise<{ path: string; release(): Promise<void> }> {
  const asItIs = { path: folder, release: async () => undefined }
  if (process.platform !== 'linux') return asItIs
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const path = `${heldFolders}${handle.fd}`
  const place = await readlink(path).catch(() => undefined)
  if (place === folder) return { path, release: () => handle.close() }
  await handle.close()
  if (place === undefined) return asItIs
  throw becameLink()
}

function becameLink(): Error {
  return Object.assign(new Error('a folder on the way became a link'), { code: 'ELOOP', syscall: 'open' })
}

/** Takes a new file away again that came to lie elsewhere, and throws ELOOP; keeps one that lies in that folder. */
export async function expectNewIn(file: FileHandle, folder: string): Promise<void> {
  if (await liesIn(file, folder)) return
  const place = await placeOf(file)
  if (place !== undefined) await rm(place, { force: true })
  throw becameLink()
}

async function placeOf({ fd }: FileHandle): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  // Without /proc nobody can tell.
  return await readlink(`/proc/self/fd/${fd}`).catch(() => undefined)
}
