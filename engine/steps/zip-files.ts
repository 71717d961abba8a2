import { rm } from 'node:fs/promises'
import type { OfferedFile, StepContext } from '../core/contracts/step.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { RunFile } from '../core/model.ts'
import type { Secret } from '../core/secret.ts'
import { wallMsAt } from '../core/zone.ts'
import { commonPeriod } from './common-period.ts'
import { entryNames } from './entry-names.ts'
import { writeZip } from './write-zip.ts'

/**
 * Stores one zip of files as an artifact: the same bytes for the same run and files, unless a passphrase encrypts it.
 * Throws ARTIFACT_DAMAGED before anything is written.
 */
export async function zipFiles(
  { artifacts, run, signal, snapshot }: StepContext,
  files: readonly RunFile[],
  fileName: string,
  passphrase: Secret | null,
): Promise<OfferedFile> {
  const names = entryNames(files.map((file) => file.fileName))
  const entries: { name: string; localPath: string }[] = []
  for (const [index, { sha256, size }] of files.entries()) {
    await artifacts.verify(sha256, size)
    entries.push({ name: names[index]!, localPath: await artifacts.open(sha256, size) })
  }
  const wallMs = wallMsAt(snapshot.client.timezone, Date.parse(run.startedAt ?? run.createdAt))
  const outPath = await artifacts.scratch()
  try {
    await writeZip({ outPath, entries, wallMs, passphrase }, signal)
    const artifact = await artifacts.adopt(outPath)
    const rows = files.length === 1 ? files[0]!.rows : null
    const period = commonPeriod(files)
    return { ...artifact, fileName, mediaType: mediaTypeOf(fileName), rows, period, origin: null }
  } finally {
    await rm(outPath, { force: true })
  }
}
