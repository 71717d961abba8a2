import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { MailMessage } from '../../core/contracts/endpoints.ts'
import type { RunFile } from '../../core/model.ts'
import type { SentMail } from './recorder.ts'

/** An attachment as one of the files that are offered; a zip that the mail made of them is measured. */
export async function describeAttachment(
  { fileName, localPath }: MailMessage['attachments'][number],
  files: RunFile[],
): Promise<SentMail['attachments'][number]> {
  const named = files.filter((file) => file.fileName === fileName)
  const offered = named.find((file) => localPath.endsWith(file.sha256)) ?? named[0]
  if (offered) return { fileName, size: offered.size, sha256: offered.sha256, rows: offered.rows }
  const bytes = await readFile(localPath)
  return {
    fileName,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows: null,
  }
}
