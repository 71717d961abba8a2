import { mkdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artifacts } from '../../engine/core/contracts/services.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import { sha256Of } from './endpoints.ts'

/** Artifacts in a folder of the test's: no fsync, everything else as promised. Scratch files lie in `scratch/`. */
export function createTestArtifacts(folder: string): Artifacts {
  let scratches = 0
  return {
    async scratch() {
      await mkdir(join(folder, 'scratch'), { recursive: true })
      return join(folder, 'scratch', String(++scratches))
    },
    async adopt(scratchPath) {
      const bytes = await readFile(scratchPath)
      const sha256 = sha256Of(bytes)
      await rename(scratchPath, join(folder, sha256))
      return { sha256, size: bytes.length }
    },
    async open(sha256, size) {
      const path = join(folder, sha256)
      const found = await stat(path).catch(() => undefined)
      if (found?.size !== size) throw new JobsdError('ARTIFACT_DAMAGED', { sha256 })
      return path
    },
    async verify(sha256, size) {
      const bytes = await readFile(join(folder, sha256)).catch(() => undefined)
      if (bytes?.length !== size || sha256Of(bytes) !== sha256)
        throw new JobsdError('ARTIFACT_DAMAGED', { sha256 })
    },
  }
}
