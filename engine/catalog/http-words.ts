/** Requests to web services and notices as customers see them: no address, no path, no inner words. */
import type { Snapshot, StepOf } from '../core/model.ts'
import { joinWords } from './plain-words.ts'
import { nameConnection } from './redact.ts'
import type { Detail } from './step-view.ts'

const deeds: Record<StepOf<'http-request'>['method'], string> = {
  GET: 'Asks the service',
  POST: 'Sends to the service',
  PUT: 'Stores at the service',
  PATCH: 'Changes at the service',
  DELETE: 'Deletes at the service',
}

export function describeRequest(step: StepOf<'http-request'>, { connections }: Snapshot): Detail[] {
  const { connection, from, json, method, saveAs } = step
  const files = [from ?? []]
    .flat()
    .map((name) => (name === 'trigger' ? 'The posted file' : `Files of ${name}`))
  return [
    { label: 'Request', value: deeds[method], code: false },
    { label: 'Destination', value: nameConnection(connections, connection), code: false },
    ...(files.length > 0 ? [{ label: 'Files', value: joinWords(files), code: false }] : []),
    ...(json === undefined
      ? []
      : [{ label: 'Sent', value: 'A message of facts about the run', code: false }]),
    ...(saveAs === undefined ? [] : [{ label: 'Answer kept as', value: saveAs, code: true }]),
  ]
}

const people: Record<StepOf<'notify'>['to'], string> = {
  operators: 'The operators',
  client: 'The operators and your contacts for alerts',
  job: "The operators, and your and this job's contacts for alerts",
}

/** What only the operators are told is not shown. */
export function describeNotify({ to, message }: StepOf<'notify'>): Detail[] {
  return [
    { label: 'Tells', value: people[to], code: false },
    ...(to === 'operators' ? [] : [{ label: 'Message', value: message, code: true }]),
  ]
}
