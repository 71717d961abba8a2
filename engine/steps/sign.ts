import type { StepType } from '../core/contracts/step.ts'
import { makeFiles } from './make-files.ts'

/** Makes a detached OpenPGP signature of each file of `from`. */
export const signStep: StepType<'sign'> = {
  type: 'sign',
  async run(step, context) {
    const { endpoints, signal } = context
    const armor = step.armor ?? false
    const key = context.connection(step.key)
    return await makeFiles(
      step,
      {
        make: (paths, { fileName }) => endpoints.keys.sign({ ...paths, fileName, key, armor }, signal),
        holdsRows: false,
        done: `signed by ${step.key}`,
      },
      context,
    )
  },
}
