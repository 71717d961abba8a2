/** Where an open file really lies: between a look at a path and its opening a folder on the way can become a link. */
import { type FileHandle, readlink, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whether the file lies in that folder, a real path. Where the system cannot tell (only Linux can) it counts as there. */
export async function liesIn(file: FileHandle, folder: string): Promise<boolean> {
  const place = await placeOf(file)
  return place === undefined || dirname(place) === folder
}

/** Takes a new file away again that came to lie elsewhere, and throws ELOOP; keeps one that lies in that folder. */
export async function expectNewIn(file: FileHandle, folder: string): Promise<void> {
  if (await liesIn(file, folder)) return
  const place = await placeOf(file)
  if (place !== undefined) await rm(place, { force: true })
  throw Object.assign(new Error('a folder on the way became a link'), { code: 'ELOOP', syscall: 'open' })
}

async function placeOf({ fd }: FileHandle): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  // Without /proc nobody can tell.
  return await readlink(`/proc/self/fd/${fd}`).catch(() => undefined)
}
