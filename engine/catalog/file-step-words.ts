/** Steps that pack, list, wait for and delete files, as customers read them. */
import { parseDuration } from '../core/duration.ts'
import type { Client } from '../core/manifest.ts'
import type { Snapshot, StepOf, StepRecord } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { spellDuration, spellMoment } from './plain-words.ts'
import { nameConnection } from './redact.ts'
import type { Detail } from './step-view.ts'

export function describeCompress({ fileName, format, key }: StepOf<'compress'>): Detail[] {
  const packed = format === 'zip' ? 'One zip of all files' : 'A gzip file of each'
  return [
    fact('Packed as', key === undefined ? packed : `${packed}, encrypted (AES-256)`),
    ...(fileName === undefined ? [] : [pattern('File name', fileName)]),
  ]
}

export function describeManifest({ algorithm, fileName }: StepOf<'checksum-manifest'>): Detail[] {
  return [fact('Checksum', algorithm.toUpperCase()), pattern('File name', fileName)]
}

export function describeDeletion(step: StepOf<'delete-old-files'>, snapshot: Snapshot): Detail[] {
  return [
    fact('Deleted from', nameConnection(snapshot.connections, step.connection)),
    pattern('Folder', step.path),
    pattern('Names', step.match),
    fact('Older than', spellCount(Number.parseInt(step.olderThan, 10), 'day')),
  ]
}

export function describeWait(step: StepOf<'wait-for-file'>, snapshot: Snapshot): Detail[] {
  return [
    fact('Waits at', nameConnection(snapshot.connections, step.connection)),
    pattern('Folder', step.path),
    pattern('Names', step.match),
    fact('At most', spellDuration(parseDuration(step.timeout))),
    fact('Without the files', step.onMissing === 'skip' ? 'Nothing is sent' : 'The step fails'),
  ]
}

/** Of a wait that is not over: until when at most; nothing of where. */
export function describeUnderWay(
  { name, startedAt }: Pick<StepRecord, 'name' | 'startedAt'>,
  { timezone }: Client,
  { manifest }: Snapshot,
): string {
  const step = manifest.steps.find((each) => each.name === name)
  if (step?.type !== 'wait-for-file') return ''
  const untilMs = Date.parse(startedAt) + parseDuration(step.timeout)
  return `Waits for the files, at most until ${spellMoment(timezone, untilMs).text}.`
}

function fact(label: string, value: string): Detail {
  return { label, value, code: false }
}

function pattern(label: string, value: string): Detail {
  return { label, value, code: true }
}
