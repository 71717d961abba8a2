import type { StepType } from '../core/contracts/step.ts'
import { parseSize } from '../core/duration.ts'
import { makeFiles } from './make-files.ts'

/** Decrypts each file of `from` by OpenPGP; offers nothing unless every one of them is whole and signed as asked. */
export const decryptStep: StepType<'decrypt'> = {
  type: 'decrypt',
  async run(step, context) {
    const { endpoints, signal } = context
    const key = context.connection(step.key)
    const verifyWith = step.verifyWith?.map(context.connection) ?? null
    const maxBytes = parseSize(step.maxSize ?? '1GiB')
    return await makeFiles(
      step,
      {
        make: (paths, { fileName }) =>
          endpoints.keys.decrypt({ ...paths, fileName, key, verifyWith, maxBytes }, signal),
        holdsRows: true,
        done: verifyWith ? 'decrypted, its signature is good' : 'decrypted',
      },
      context,
    )
  },
}
