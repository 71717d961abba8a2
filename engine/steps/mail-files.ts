/** What becomes of a mail's files: attached, in one zip, or put into a bucket for links. */
import type { StepContext } from '../core/contracts/step.ts'
import { parseSize } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { RunFile, StepOf } from '../core/model.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'
import { commonPeriod } from './common-period.ts'
import { entryNames } from './entry-names.ts'
import { zipFiles } from './zip-files.ts'

export interface MailFiles {
  attached: RunFile[]
  linked: RunFile[]
}

/** Decides by size and the step's `onTooLarge`, and makes the zip. Throws MAIL_TOO_LARGE. */
export async function fitFiles(
  { name, onTooLarge = 'fail' }: StepOf<'email'>,
  files: RunFile[],
  context: StepContext,
): Promise<MailFiles> {
  if (fits(files, context)) return { attached: files, linked: [] }
  if (onTooLarge === 'link') return { attached: [], linked: files }
  if (onTooLarge === 'fail') throw tooLarge(files, context)
  const zip = { ...(await zipFiles(context, files, zipName(files, context), null)), step: name }
  if (!fits([zip], context)) throw tooLarge([zip], context)
  return { attached: [zip], linked: [] }
}

/** The sum is what a mail server counts: all attachments, each a third longer as base64. */
function fits(files: RunFile[], context: StepContext): boolean {
  return encodedSize(files) <= allowedSize(context)
}

function encodedSize(files: RunFile[]): number {
  return files.reduce((total, file) => total + Math.ceil(file.size / 3) * 4, 0)
}

function allowedSize({ snapshot }: StepContext): number {
  return parseSize(snapshot.policy.maxAttachmentSize ?? '10MiB')
}

function tooLarge(files: RunFile[], context: StepContext): JobsdError {
  const fileName = `${files.map((file) => file.fileName).join(' + ')} in base64`
  return new JobsdError('MAIL_TOO_LARGE', {
    fileName,
    size: encodedSize(files),
    allowed: allowedSize(context),
  })
}

function zipName(files: RunFile[], { run, snapshot }: StepContext): string {
  const [only, second] = files
  if (only && !second) return `${entryNames([only.fileName])[0]!}.zip`
  const values = tokenValues(run, snapshot, { ext: 'zip', period: commonPeriod(files) })
  return expandTokens('{job}-{slot:yyyyMMdd-HHmm}.zip', values)
}
