import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { severalName } from '../core/made-names.ts'
import type { RunFile, StepOf } from '../core/model.ts'
import { splitFileName } from '../core/paths.ts'
import { spellCount } from '../core/spell-count.ts'
import { toStorageError } from '../core/storage-error.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'
import { commonPeriod } from './common-period.ts'
import { entryNames } from './entry-names.ts'
import { makeFiles } from './make-files.ts'
import { zipFiles } from './zip-files.ts'

type CompressStep = StepOf<'compress'>

/** Makes one zip of all files of `from`, or a gzip file of each. A repeat makes the same bytes, unless encrypted. */
export const compressStep: StepType<'compress'> = {
  type: 'compress',
  run: async (step, context) =>
    step.format === 'zip' ? await makeZip(step, context) : await makeGzips(step, context),
}

async function makeGzips(step: CompressStep, context: StepContext): Promise<StepResult> {
  return await makeFiles(
    step,
    {
      async make({ localPath, outPath }) {
        await writeGzip(localPath, outPath, context.signal)
        return []
      },
      holdsRows: true,
      done: 'compressed (gzip)',
    },
    context,
  )
}

/** Node writes neither a name nor a time into the head, so the same bytes come out the same. */
async function writeGzip(localPath: string, outPath: string, signal: AbortSignal): Promise<void> {
  const out = createWriteStream(outPath, { flags: 'wx', mode: 0o600 })
  await pipeline(createReadStream(localPath), createGzip(), out, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw toStorageError(error)
  })
}

async function makeZip(step: CompressStep, context: StepContext): Promise<StepResult> {
  const { endpoints } = context
  const files = context.inputs(step.from)
  const passphrase =
    step.key === undefined ? null : await endpoints.keys.passphrase(context.connection(step.key))
  const zip = await zipFiles(context, files, zipName(step, files, context), passphrase)
  const how = passphrase ? ', encrypted (AES-256)' : ''
  return {
    ok: true,
    note: `${zip.fileName}: ${spellCount(files.length, 'file')}${how}, ${spellCount(zip.size, 'byte')}`,
    files: [zip],
  }
}

/** As the step says; else that of the only file with .zip behind it, or one that tells several files' run apart. */
function zipName({ fileName }: CompressStep, files: RunFile[], { run, snapshot }: StepContext): string {
  const only = files.length === 1 ? files[0]! : undefined
  const named = only ? splitFileName(only.fileName) : { ext: '' }
  const values = tokenValues(run, snapshot, { ...named, period: commonPeriod(files) })
  if (fileName !== undefined) return expandTokens(fileName, values)
  return only ? `${entryNames([only.fileName])[0]!}.zip` : expandTokens(severalName, values)
}
