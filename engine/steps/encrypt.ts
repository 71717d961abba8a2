import type { StepType } from '../core/contracts/step.ts'
import { makeFiles } from './make-files.ts'

/** Encrypts each file of `from` by OpenPGP for the recipients, signed where the step says by what. */
export const encryptStep: StepType<'encrypt'> = {
  type: 'encrypt',
  async run(step, context) {
    const { endpoints, signal } = context
    const armor = step.armor ?? false
    const recipients = step.recipients.map(context.connection)
    const signWith = step.signWith === undefined ? null : context.connection(step.signWith)
    const signed = signWith ? `, signed by ${signWith.name}` : ''
    return await makeFiles(
      step,
      {
        make: (paths, { fileName }) =>
          endpoints.keys.encrypt({ ...paths, fileName, recipients, signWith, armor }, signal),
        holdsRows: true,
        done: `encrypted for ${step.recipients.join(', ')}${signed}`,
      },
      context,
    )
  },
}
