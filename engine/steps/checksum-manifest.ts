import { rm, writeFile } from 'node:fs/promises'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { StepOf } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { toStorageError } from '../core/storage-error.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'
import { type ListedFile, writeManifest } from './checksum-text.ts'
import { commonPeriod } from './common-period.ts'
import { digestFile } from './file-digest.ts'

/** Lists digest, size and name of each file of `from` in a file of its own. The same files give the same bytes. */
export const checksumManifestStep: StepType<'checksum-manifest'> = {
  type: 'checksum-manifest',
  async run(step, context) {
    const { artifacts, run, snapshot } = context
    const sources = context.inputs(step.from)
    const period = commonPeriod(sources)
    const fileName = expandTokens(step.fileName, tokenValues(run, snapshot, { ext: '', period }))
    const text = writeManifest(step.format ?? 'coreutils', step.algorithm, await listFiles(step, context))
    const outPath = await artifacts.scratch()
    try {
      await writeFile(outPath, text, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
        throw toStorageError(error)
      })
      const artifact = await artifacts.adopt(outPath)
      const file = {
        ...artifact,
        fileName,
        mediaType: mediaTypeOf(fileName),
        rows: null,
        period,
        origin: null,
      }
      return {
        ok: true,
        note: `${fileName}: ${step.algorithm} of ${spellCount(sources.length, 'file')}`,
        files: [file],
      }
    } finally {
      await rm(outPath, { force: true })
    }
  },
}

async function listFiles(
  { algorithm, from }: StepOf<'checksum-manifest'>,
  { artifacts, inputs, signal }: StepContext,
): Promise<ListedFile[]> {
  const listed: ListedFile[] = []
  for (const { fileName, sha256, size } of inputs(from)) {
    // Damaged on our disk, its digest would vouch for the damage.
    await artifacts.verify(sha256, size)
    const localPath = await artifacts.open(sha256, size)
    listed.push({ fileName, size, digest: await digestFile(localPath, algorithm, signal) })
  }
  return listed
}
