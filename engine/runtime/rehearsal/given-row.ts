/** The rows of a rehearsed fan-out: asked of tables that are there, or one that is given or made up. */
import type { FanOut } from '../../core/contracts/fan-out.ts'
import { rowParametersOf } from '../../core/fan-out.ts'
import { readRows } from '../../core/fan-out-rows.ts'
import type { TestGiven } from '../../core/manifest.ts'
import type { CompiledJob, Snapshot } from '../../core/model.ts'
import { sampleParameter } from '../../core/parameters.ts'
import { recipientParameter } from '../../core/recipients.ts'
import type { ReportSource } from './given-steps.ts'

export interface GivenRowParts {
  /** The real query over a source of rows. */
  fanOut(source: Exclude<ReportSource, { kind: 'made-up' }>): FanOut
}

/** Where a test gives a value of the row, and where no rows are near, there is one row. */
export function createGivenRow(parts: GivenRowParts, source: ReportSource, given: TestGiven): FanOut {
  return async (context) => {
    const { manifest } = context.snapshot
    const values = rowValues(given, manifest)
    if (source.kind !== 'made-up' && Object.keys(values).length === 0)
      return await parts.fanOut(source)(context)
    const row = { ...sampleRow(context.snapshot), ...values }
    const callCenters = context.snapshot.client.callCenters.map(({ name }) => name)
    const rows = readRows(context.run.job, manifest.fanOut!, callCenters, [row])
    return { ok: true, note: 'one row, given or made up; the query was not run', rows }
  }
}

/** Of what is given by name, that of the row; the rest is for the trigger. */
function rowValues({ parameters = {} }: TestGiven, manifest: CompiledJob): Record<string, unknown> {
  const names = rowParametersOf(manifest).map(({ name }) => name)
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)))
}

/** What is given by name for the start, without what is the row's. */
export function startGiven(given: TestGiven, manifest: CompiledJob): TestGiven {
  const { parameters, ...rest } = given
  if (parameters === undefined) return given
  const ofRow = rowParametersOf(manifest).map(({ name }) => name)
  const left = Object.entries(parameters).filter(([name]) => !ofRow.includes(name))
  return { ...rest, ...(left.length > 0 && { parameters: Object.fromEntries(left) }) }
}

/** A call center of the client's, an address of the policy's, and for the rest any value that fits. */
function sampleRow({ manifest, client, policy }: Snapshot): Record<string, unknown> {
  const mailed = manifest.steps.flatMap((step) =>
    step.type === 'email'
      ? [...step.to, ...(step.cc ?? []), ...(step.bcc ?? [])].map(recipientParameter)
      : [],
  )
  const sampleOf = (name: string): string | undefined => {
    if (name === manifest.fanOut?.callCenter) return client.callCenters[0]?.name
    return mailed.includes(name) ? `sample@${policy.recipientDomains[0]}` : undefined
  }
  return Object.fromEntries(
    rowParametersOf(manifest).map((definition) => {
      const isFixed = definition.default !== undefined || definition.allowed !== undefined
      return [
        definition.name,
        (isFixed ? undefined : sampleOf(definition.name)) ?? sampleParameter(definition),
      ]
    }),
  )
}
