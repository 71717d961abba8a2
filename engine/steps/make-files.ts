import { rm } from 'node:fs/promises'
import type { UsedKey } from '../core/contracts/keys.ts'
import type { OfferedFile, StepContext, StepResult } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { madeName } from '../core/made-names.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { RunFile, Step } from '../core/model.ts'
import { splitFileName } from '../core/paths.ts'
import { spellCount } from '../core/spell-count.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'

/** Before a key ends, so many milliseconds before, runs that use it say so. */
const expiryNoticeMs = 14 * 86_400_000

export interface Making {
  /** Writes what is made of one file to `outPath`, and tells the keys that it took. */
  make(paths: { localPath: string; outPath: string }, file: RunFile): Promise<UsedKey[]>
  /** Whether what is made still holds the rows of a report. */
  holdsRows: boolean
  /** What was done, as in `a.csv.pgp: encrypted for acme-key`. */
  done: string
}

/**
 * Makes one file of each file of `from`, and offers them. Throws FILE_EXISTS before anything is made where two would
 * have the same name. A repeat may make others: nothing was delivered of those that no ended step offered.
 */
export async function makeFiles(
  step: Step & { from: string | string[]; fileName?: string },
  making: Making,
  context: StepContext,
): Promise<StepResult> {
  const { artifacts, run, snapshot } = context
  const planned = context.inputs(step.from).map((file) => ({ file, fileName: nameFor(file) }))
  refuseSharedNames(planned.map(({ fileName }) => fileName))
  const files: OfferedFile[] = []
  const used = new Map<string, UsedKey>()
  for (const { file, fileName } of planned) {
    // What is damaged would be made into a whole file, and nobody could tell any more.
    await artifacts.verify(file.sha256, file.size)
    const localPath = await artifacts.open(file.sha256, file.size)
    const outPath = await artifacts.scratch()
    try {
      for (const key of await making.make({ localPath, outPath }, file)) used.set(key.connection, key)
      const artifact = await artifacts.adopt(outPath)
      const rows = making.holdsRows ? file.rows : null
      const { period } = file
      files.push({ ...artifact, fileName, mediaType: mediaTypeOf(fileName), rows, period, origin: null })
    } finally {
      await rm(outPath, { force: true })
    }
  }
  const what = files.length === 1 ? files[0]!.fileName : spellCount(files.length, 'file')
  return {
    ok: true,
    note: [`${what}: ${making.done}`, ...tellExpiries([...used.values()], context)].join('; '),
    files,
  }

  function nameFor(file: RunFile): string {
    if (step.fileName === undefined) return madeName(step, file.fileName) ?? file.fileName
    const named = { ...splitFileName(file.fileName), period: file.period }
    return expandTokens(step.fileName, tokenValues(run, snapshot, named))
  }
}

function refuseSharedNames(names: readonly string[]): void {
  const shared = names.find((name, index) => names.indexOf(name) < index)
  if (shared !== undefined) throw new JobsdError('FILE_EXISTS', { path: shared })
}

/** A sentence for each key that ends soon; the engine's log has it too. */
function tellExpiries(keys: UsedKey[], { clock, log, run }: StepContext): string[] {
  const now = clock.now().getTime()
  return keys.flatMap(({ connection, expiresAt }) => {
    if (expiresAt === null || Date.parse(expiresAt) - now > expiryNoticeMs) return []
    log.warn({ connection, expiresAt, job: run.job, run: run.id }, 'a key ends soon')
    const tense = Date.parse(expiresAt) > now ? 'expires' : 'expired'
    return [`the key ${connection} ${tense} on ${expiresAt.slice(0, 10)}`]
  })
}
