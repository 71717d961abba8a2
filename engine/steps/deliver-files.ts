import type { DeliveryRequest, StepContext, StepResult } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { RunFile } from '../core/model.ts'

/** How one file gets to one place. `place` is what people call it: a path or a key. */
export type FileDelivery = Omit<DeliveryRequest, 'file'> & { place: string }

/** A file, or something made of one, with its way to its place. */
type PlannedFile = FileDelivery & { file: RunFile }

interface DeliveryOrder {
  /** How many files of one step may be under way at the same time. Default 1. */
  atOnce?: number
  /** What goes beside a file: delivered when every file is there. */
  companion?(file: RunFile, beside: FileDelivery): PlannedFile
}

/**
 * Delivers each file to a place of its own; those of one step in any order, those of the next one when they are there.
 * Throws FILE_EXISTS before anything is sent where two of them would end at the same place.
 */
export async function deliverFiles(
  context: StepContext,
  connection: string,
  files: RunFile[],
  describe: (file: RunFile) => FileDelivery,
  { atOnce = 1, companion }: DeliveryOrder = {},
): Promise<StepResult> {
  const planned = files.map((file): PlannedFile => ({ file, ...describe(file) }))
  const companions = companion ? planned.map((each) => companion(each.file, each)) : []
  refuseSharedPlaces([...planned, ...companions])
  const only = context.resend?.targets
  const isWanted = ({ target }: PlannedFile) => !only || only.includes(target)
  const wanted = planned.filter(isWanted)
  for (const some of groupBySource(wanted)) await deliverSome(context, some, atOnce)
  const beside = companions.filter(isWanted)
  await deliverSome(context, beside, atOnce)
  const sent = wanted.length > 0 ? wanted : beside
  const what = sent.length === 1 ? sent[0]!.place : `${sent.length} files`
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

/** Neighbours that one step offers: who lists a checksum after its file wants it there after it. */
function groupBySource(planned: PlannedFile[]): PlannedFile[][] {
  const groups: PlannedFile[][] = []
  for (const each of planned) {
    const last = groups.at(-1)
    if (last?.[0]?.file.step === each.file.step) last?.push(each)
    else groups.push([each])
  }
  return groups
}

/** Delivers some, begun in their order. Of failures the first in that order is thrown, when all that had begun has ended. */
async function deliverSome(context: StepContext, planned: PlannedFile[], atOnce: number): Promise<void> {
  const left = planned.entries()
  const failures: [index: number, error: unknown][] = []
  const work = async () => {
    for (const [index, { place: _place, ...request }] of left) {
      if (failures.length > 0) return
      await context.deliver(request).catch((error: unknown) => {
        failures.push([index, error])
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const [first] = failures.sort(([one], [other]) => one - other)
  if (first) throw first[1]
}
