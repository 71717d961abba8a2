import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { MailMessage } from '../../core/contracts/endpoints.ts'
import type { RunFile, Step } from '../../core/model.ts'
import type { SentMail } from './recorder.ts'
import { sealOf } from './seals.ts'

/** An attachment as one of the files that are offered; a zip that the mail made of them is measured. */
export async function describeAttachment(
  { fileName, localPath }: MailMessage['attachments'][number],
  files: RunFile[],
  steps: readonly Step[],
): Promise<SentMail['attachments'][number]> {
  const named = files.filter((file) => file.fileName === fileName)
  const offered = named.find((file) => localPath.endsWith(file.sha256)) ?? named[0]
  if (offered) {
    const { rows, sha256, size } = offered
    const seal = sealOf(offered, steps)
    return { fileName, size, sha256, rows, ...(seal !== undefined && { seal }) }
  }
  const bytes = await readFile(localPath)
  return {
    fileName,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows: null,
  }
}
