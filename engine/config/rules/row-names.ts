/** The rule about names of files that the rows of a fan-out would share. */
import type { Job } from '../../core/manifest.ts'
import type { NamedDelivery } from '../deliveries.ts'
import { type LoadedDocument, placeOf, valueAt } from '../places.ts'
import { quote } from '../problems.ts'
import type { Report } from './rule.ts'

/** Tells of each report whose file would go to one place under the same name for every row. */
export function tellRowRepeats(
  document: LoadedDocument<Job>,
  deliveries: readonly NamedDelivery[],
  report: Report,
): void {
  const { fanOut } = document.value
  // Of a key that is none another rule tells.
  if (!fanOut?.parameters.some(({ name }) => name === fanOut.key)) return
  const told = new Set<number>()
  for (const { step, stepIndex, sourceIndex } of deliveries) {
    const named = [
      ...['fileName', 'saveAs'].map((field) => valueAt(document.value, `/steps/${sourceIndex}/${field}`)),
      ...['path', 'prefix'].map((field) => valueAt(document.value, `/steps/${stepIndex}/${field}`)),
    ]
    const tokens = [
      'runId',
      `param.${fanOut.key}`,
      ...(fanOut.callCenter === fanOut.key ? ['callCenter'] : []),
    ]
    const isTold = tokens.some((token) => named.some((text) => String(text).includes(`{${token}}`)))
    if (isTold || told.has(sourceIndex)) continue
    told.add(sourceIndex)
    const message = `the runs of all rows would deliver the same name by the step ${quote(step)}; add {param.${fanOut.key}}`
    const field = document.value.steps[sourceIndex]!.type === 'http-request' ? 'saveAs' : 'fileName'
    const pointer = `/steps/${sourceIndex}/${field}`
    const isNamed = valueAt(document.value, pointer) !== undefined
    report(placeOf(document, isNamed ? pointer : `/steps/${sourceIndex}/name`), message)
  }
}
