import type { StepType } from '../core/contracts/step.ts'
import { splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath, type TokenValues } from '../core/tokens.ts'
import { deliverFiles } from './deliver-files.ts'

/** Copies each file of `from` into an S3 bucket. */
export const cloudCopyStep: StepType<'cloud-copy'> = {
  type: 'cloud-copy',
  async run(step, context) {
    const { artifacts, endpoints, run, signal, snapshot } = context
    const files = context.inputs(step.from)
    const store = endpoints.objects(context.connection(step.connection))
    return await deliverFiles(
      context,
      step.connection,
      files,
      (file) => {
        const values = tokenValues(run, snapshot, { ...splitFileName(file.fileName), period: file.period })
        const key = expandPath(step.prefix ?? '', values) + file.fileName
        const tags = expandTags(step.tags, values)
        return {
          place: key,
          target: `s3:${step.connection}:${key}`,
          look: async () => {
            const object = await store.head(key, signal)
            return object !== undefined && object.size === file.size && object.sha256 === file.sha256
          },
          send: async ({ sending }) => {
            const localPath = await artifacts.open(file.sha256, file.size)
            const { mediaType, sha256, size } = file
            const overwrite = context.resend ? 'replace' : (step.overwrite ?? 'fail')
            await sending()
            const request = { key, localPath, size, sha256, mediaType, overwrite, ...(tags && { tags }) }
            return await store.put(request, signal)
          },
        }
      },
      { atOnce },
    )
  },
}

const atOnce = 4
const maxTagLength = 256

/** A tag whose values the run does not have is left out. */
function expandTags(
  tags: Record<string, string> | undefined,
  values: TokenValues,
): Record<string, string> | undefined {
  if (tags === undefined) return undefined
  const filled = Object.entries(tags).map(([name, template]) => {
    // What stores take in a tag; anything else is refused with the whole object.
    const value = expandPath(template, values).replace(/[^\p{L}\p{N}\p{Z}_.:/=+@-]/gu, '-')
    return [name, [...value].slice(0, maxTagLength).join('')] as const
  })
  return Object.fromEntries(filled.filter(([, value]) => value !== ''))
}
