/** One step of a job as customers see it. */
import { fanOutStep, fanOutTitle } from '../core/fan-out.ts'
import type { CallCenter } from '../core/manifest.ts'
import type { Snapshot, Step, StepOf } from '../core/model.ts'
import { layoutOf } from '../core/report-file.ts'
import { stepTraits } from '../core/step-traits.ts'
import { describeCloudFetch, describeTags } from './cloud-words.ts'
import { describeTest } from './condition-words.ts'
import { copySettings, existing } from './copy-words.ts'
import { describeCompress, describeDeletion, describeManifest, describeWait } from './file-step-words.ts'
import { describeNotify, describeRequest } from './http-words.ts'
import { describeKeyUse } from './key-words.ts'
import { describeTooLarge } from './mail-words.ts'
import { joinWords } from './plain-words.ts'
import { nameConnection } from './redact.ts'
import { describeRecipients } from './row-words.ts'

export interface StepView {
  name: string
  /** The platform's own name: `FTPOutCopy`. */
  type: string
  nextSuccess: string
  nextFailure: string
  /** What is done, sent and where, in words; code is a pattern to be read letter by letter. */
  details: Detail[]
}

export interface Detail {
  label: string
  value: string
  code: boolean
}

/** The platform's own name of a step type; an unknown type is its own name. */
export function stepTitle(type: string): string {
  if (type === fanOutStep.type) return fanOutTitle
  return Object.hasOwn(stepTraits, type) ? stepTraits[type as Step['type']].title : type
}

/** What people call the type of a step of the job: that of operators' own has its own title. */
export function titleOf(step: Step, { stepTypes }: Snapshot): string {
  const own = step.type === 'custom' ? stepTypes?.[step.uses]?.title : undefined
  return own ?? stepTitle(step.type)
}

/** `End` and `Fail` for the graph's two ends, otherwise the step's name. */
export function nextTitle(next: string): string {
  if (next === 'end') return 'End'
  return next === 'fail' ? 'Fail' : next
}

/** Shows one step. A type that is not known here shows no details. */
export function viewStep(step: Step, snapshot: Snapshot, callCenters: readonly CallCenter[]): StepView {
  return {
    name: step.name,
    type: titleOf(step, snapshot),
    nextSuccess: nextTitle(step.onSuccess),
    nextFailure: nextTitle(step.onFailure),
    details: describeStep(step, snapshot, callCenters),
  }
}

function describeStep(step: Step, snapshot: Snapshot, callCenters: readonly CallCenter[]): Detail[] {
  switch (step.type) {
    case 'report':
      return describeReport(step, snapshot)
    case 'email':
      return describeEmail(step, snapshot)
    case 'ftp-out-copy':
      return [
        fact('Files', describeFrom(step.from)),
        fact('Destination', nameConnection(snapshot.connections, step.connection)),
        pattern('Folder', step.path),
        fact('Same name there', existing[step.overwrite ?? 'fail']),
        ...copySettings(step).map(({ label, value }) => fact(label, value)),
      ]
    case 'cloud-copy':
      return [
        fact('Files', describeFrom(step.from)),
        fact('Destination', nameConnection(snapshot.connections, step.connection)),
        ...(step.prefix === undefined ? [] : [pattern('Folder', step.prefix)]),
        fact('Same name there', existing[step.overwrite ?? 'fail']),
        ...describeTags(step),
      ]
    case 'cloud-fetch':
      return describeCloudFetch(step, snapshot)
    case 'condition':
      return [fact('True when', describeTest(step.when, callCenters))]
    case 'move-file':
      return [
        fact('Files', describeFrom(step.from)),
        pattern('Folder', step.path),
        ...(step.fileName === undefined ? [] : [pattern('New name', step.fileName)]),
        fact('Same name there', existing[step.overwrite ?? 'fail']),
      ]
    case 'delete-file':
      return [fact('Deleted', describeFrom(step.from))]
    case 'delete-old-files':
      return describeDeletion(step, snapshot)
    case 'compress':
      return [fact('Files', describeFrom(step.from)), ...describeCompress(step)]
    case 'checksum-manifest':
      return [fact('Files', describeFrom(step.from)), ...describeManifest(step)]
    case 'wait-for-file':
      return describeWait(step, snapshot)
    case 'encrypt':
    case 'decrypt':
    case 'sign':
      return [fact('Files', describeFrom(step.from)), ...describeKeyUse(step, snapshot)]
    case 'http-request':
      return describeRequest(step, snapshot)
    case 'notify':
      return describeNotify(step)
    case 'custom':
      return step.from === undefined ? [] : [fact('Files', describeFrom(step.from))]
    default:
      return []
  }
}

function describeReport(step: StepOf<'report'>, snapshot: Snapshot): Detail[] {
  const report = Object.hasOwn(snapshot.reports, step.report) ? snapshot.reports[step.report] : undefined
  return [
    fact('Report', report?.title ?? step.report),
    fact('Period', periods[step.period]),
    fact('Format', describeFormat(step, snapshot)),
    pattern('File name', step.fileName),
    fact('Without rows', withoutRows[step.onEmpty]),
  ]
}

function describeFormat({ format, layout, gzip }: StepOf<'report'>, { client }: Snapshot): string {
  const named = format === 'fixed' ? 'Fixed columns' : format.toUpperCase()
  const title = layout === undefined ? undefined : layoutOf(client, layout)?.title
  return [named, ...(title === undefined ? [] : [title]), ...(gzip ? ['compressed (gzip)'] : [])].join(', ')
}

// Hidden copies stay hidden: neither their addresses nor their number are shown.
function describeEmail(step: StepOf<'email'>, snapshot: Snapshot): Detail[] {
  return [
    fact('Attached', step.from === undefined ? 'Nothing' : describeFrom(step.from)),
    fact('To', describeRecipients(step.to, snapshot)),
    ...(step.cc === undefined || step.cc.length === 0
      ? []
      : [fact('Copy to', describeRecipients(step.cc, snapshot))]),
    ...describeTooLarge(step, snapshot),
    fact('Sent through', nameConnection(snapshot.connections, step.connection)),
  ]
}

const periods: Record<StepOf<'report'>['period'], string> = {
  day: 'The latest complete day',
  'day-so-far': 'The day so far',
  hour: 'The latest complete hour',
  week: 'The latest complete week',
  month: 'The latest complete month',
  'week-to-date': 'The week so far',
  'month-to-date': 'The month so far',
  campaign: 'The whole campaign',
}

const withoutRows: Record<StepOf<'report'>['onEmpty'], string> = {
  send: 'The empty report is sent',
  skip: 'Nothing is sent',
  fail: 'The step fails',
}

function describeFrom(from: string | string[]): string {
  const names = [from].flat().map((name) => (name === 'trigger' ? 'The posted file' : `Files of ${name}`))
  return joinWords(names)
}

function fact(label: string, value: string): Detail {
  return { label, value, code: false }
}

function pattern(label: string, value: string): Detail {
  return { label, value, code: true }
}
