import type { Snapshot, StepOf } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { nameConnection } from './redact.ts'
import type { Detail } from './step-view.ts'

const withoutFiles: Record<StepOf<'cloud-fetch'>['onEmpty'], string> = {
  skip: 'Nothing is done',
  fail: 'The step fails',
}

/** Which files are taken out of a store, and from where. */
export function describeCloudFetch(step: StepOf<'cloud-fetch'>, { connections }: Snapshot): Detail[] {
  const { connection, match, maxFiles = 100, newest, onEmpty, prefix } = step
  const fact = (label: string, value: string): Detail => ({ label, value, code: false })
  const pattern = (label: string, value: string): Detail => ({ label, value, code: true })
  const newestOnes = newest === 1 ? 'The newest one' : `The newest ${newest}`
  return [
    fact('Source', nameConnection(connections, connection)),
    ...(prefix === undefined ? [] : [pattern('Folder', prefix)]),
    pattern('File names', match),
    fact('How many', newest === undefined ? `All, up to ${spellCount(maxFiles, 'file')}` : newestOnes),
    fact('Without files', withoutFiles[onEmpty]),
  ]
}

/** The tags of files in a store, those that are set. */
export function describeTags({ tags = {} }: StepOf<'cloud-copy'>): Detail[] {
  const told = Object.entries(tags).map(([name, value]) => `${name}: ${value}`)
  return told.length === 0 ? [] : [{ label: 'Tags', value: told.join(', '), code: true }]
}
