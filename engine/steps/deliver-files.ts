import type { DeliveryRequest, StepContext, StepResult } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { RunFile } from '../core/model.ts'

/** How one file gets to one place. `place` is what people call it: a path or a key. */
export type FileDelivery = Omit<DeliveryRequest, 'file'> & { place: string }

/**
 * Delivers each file to a place of its own, one after the other. Throws FILE_EXISTS before anything is sent where
 * two of them would end at the same place.
 */
export async function deliverFiles(
  context: StepContext,
  connection: string,
  files: RunFile[],
  describe: (file: RunFile) => FileDelivery,
): Promise<StepResult> {
  const planned = files.map((file) => ({ file, ...describe(file) }))
  refuseSharedPlaces(planned)
  const only = context.resend?.targets
  const wanted = only ? planned.filter(({ target }) => only.includes(target)) : planned
  for (const { place: _place, ...request } of wanted) await context.deliver(request)
  const what = wanted.length === 1 ? wanted[0]!.place : `${wanted.length} files`
  const did = context.run.dryRun ? 'would be copied' : 'copied'
  return { ok: true, note: `${what} ${did} to ${connection}` }
}

function refuseSharedPlaces(planned: FileDelivery[]): void {
  const taken = new Set<string>()
  for (const { target, place } of planned) {
    // The outbox knows a delivery by its target: a second one would count as sent when the first one was.
    if (taken.has(target)) throw new JobsdError('FILE_EXISTS', { path: place })
    taken.add(target)
  }
}
