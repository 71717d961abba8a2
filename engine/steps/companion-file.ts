/** The small files that partners wait for or check with. */
import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { type Companion, suffixOf } from '../core/companion-suffix.ts'
import type { Artifacts } from '../core/contracts/services.ts'
import type { RunFile } from '../core/model.ts'

/** A companion as a file of the run: made of its file alone, so that it comes out the same each time. */
export function companionOf(companion: Companion, file: RunFile): { file: RunFile; text: string } {
  const text = textOf(companion.kind, file)
  const { step, period } = file
  return {
    text,
    file: {
      step,
      fileName: file.fileName + suffixOf(companion),
      size: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      mediaType: companion.kind === 'manifest' ? 'application/json' : 'text/plain',
      rows: null,
      period,
      origin: null,
    },
  }
}

/** Lets `use` have a text as a file of the engine's own disk, which is gone afterwards. */
export async function withTextFile<T>(
  artifacts: Artifacts,
  text: string,
  use: (localPath: string) => Promise<T>,
): Promise<T> {
  const localPath = await artifacts.scratch()
  try {
    await writeFile(localPath, text, { flag: 'wx', mode: 0o600 })
    return await use(localPath)
  } finally {
    await rm(localPath, { force: true })
  }
}

function textOf(kind: Companion['kind'], { fileName, size, sha256, rows }: RunFile): string {
  switch (kind) {
    case 'checksum':
      return `${sha256}  ${fileName}\n`
    case 'manifest':
      return `${JSON.stringify({ fileName, size, sha256, rows }, null, 2)}\n`
    case 'trigger':
      return ''
  }
}
