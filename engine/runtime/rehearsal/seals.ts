/** What a rehearsal, which has no keys, leaves readable of what would be sent encrypted. */
import type { RunFile, Step } from '../../core/model.ts'
import { rehearsalPassphrase } from './stand-in-keys.ts'

/** What its reader would need for a file, and how it lies here; undefined where it is sent as it is. */
export function sealOf({ step: name }: Pick<RunFile, 'step'>, steps: readonly Step[]): string | undefined {
  const step = steps.find((each) => each.name === name)
  if (step?.type === 'encrypt') {
    const signed = step.signWith === undefined ? '' : `, signed by ${step.signWith}`
    return `sent encrypted for ${step.recipients.join(', ')} (OpenPGP)${signed}; readable here, and of another size`
  }
  if (step?.type !== 'compress') return undefined
  if (step.key !== undefined)
    return `sent encrypted with the passphrase ${step.key} (AES-256); here it is "${rehearsalPassphrase}"`
  for (const source of [step.from].flat()) {
    const seal = sealOf({ step: source }, steps)
    if (seal !== undefined) return `what is in it is ${seal}`
  }
  return undefined
}
