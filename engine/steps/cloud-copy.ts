import type { StepType } from '../core/contracts/step.ts'
import { splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath } from '../core/tokens.ts'
import { deliverFiles } from './deliver-files.ts'

/** Copies each file of `from` into an S3 bucket. */
export const cloudCopyStep: StepType<'cloud-copy'> = {
  type: 'cloud-copy',
  async run(step, context) {
    const { artifacts, endpoints, run, signal, snapshot } = context
    const files = context.inputs(step.from)
    const store = endpoints.objects(context.connection(step.connection))
    return await deliverFiles(context, step.connection, files, (file) => {
      const prefix = expandPath(
        step.prefix ?? '',
        tokenValues(run, snapshot, { ...splitFileName(file.fileName), period: file.period }),
      )
      const key = prefix + file.fileName
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
          return await store.put({ key, localPath, size, sha256, mediaType, overwrite }, signal)
        },
      }
    })
  },
}
