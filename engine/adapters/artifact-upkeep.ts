/** Looking whether artifacts can be stored, and removing those that nobody needs any more. */
import { randomUUID } from 'node:crypto'
import { lstatSync, unlinkSync } from 'node:fs'
import { lstat, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactStore } from '../core/contracts/services.ts'
import type { Sha256 } from '../core/model.ts'
import { toStorageError } from '../core/storage-error.ts'

const probeBytes = 1024 * 1024
const atOnce = 100

/** `adopting` counts those that are just being stored. */
export function createArtifactUpkeep(
  root: string,
  scratchFolder: string,
  adopting: ReadonlyMap<Sha256, number>,
): Pick<ArtifactStore, 'probe' | 'storedBefore' | 'remove'> {
  const pathOf = (sha256: Sha256) => join(root, sha256.slice(0, 2), sha256)
  return {
    async probe() {
      const path = join(scratchFolder, randomUUID())
      try {
        const file = await open(path, 'wx', 0o600)
        try {
          await file.writeFile(Buffer.alloc(probeBytes, 1))
          await file.sync()
        } finally {
          await file.close()
        }
      } catch (error) {
        throw toStorageError(error)
      } finally {
        await rm(path, { force: true })
      }
    },

    async *storedBefore(moment) {
      for (const folder of await readdir(root)) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue
        let old: Sha256[] = []
        for (const name of await readdir(join(root, folder))) {
          if (!/^[0-9a-f]{64}$/.test(name)) continue
          const stats = await lstat(join(root, folder, name))
          if (stats.isFile() && stats.mtimeMs < moment.getTime()) old.push(name)
          if (old.length < atOnce) continue
          yield old
          old = []
        }
        if (old.length > 0) yield old
      }
    },

    async remove(sha256, storedBefore) {
      // In one turn from the look to the end, so that nothing is stored in between.
      if (adopting.has(sha256)) return 0
      const stats = lstatSync(pathOf(sha256), { throwIfNoEntry: false })
      if (!stats?.isFile() || stats.mtimeMs >= storedBefore.getTime()) return 0
      unlinkSync(pathOf(sha256))
      return stats.size
    },
  }
}
