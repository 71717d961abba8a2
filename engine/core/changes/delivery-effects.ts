/** Who and what a job reaches: recipients, targets, drop folders, connections. */
import type { Snapshot, Step } from '../model.ts'
import { joinPath } from '../paths.ts'
import { connectionsOfStep } from '../step-connections.ts'
import type { Effect, RecipientField, Target } from './model.ts'
import { type Phrase, phrase } from './phrase.ts'

export interface Recipient {
  step: string
  field: RecipientField
  address: string
}

const fields = ['to', 'cc', 'bcc'] as const

/** Everybody whom a job mails, once for each step and field. */
export function recipientsOf(snapshot: Snapshot): Recipient[] {
  return snapshot.manifest.steps.flatMap((step) => {
    if (step.type !== 'email') return []
    return fields.flatMap((field) =>
      (step[field] ?? []).map((address) => ({ step: step.name, field, address })),
    )
  })
}

/** The domain of an address, lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

/** Every place where a job puts files, one for each file name. */
export function targetsOf({ manifest }: Snapshot): Target[] {
  const { steps, name: job } = manifest
  return steps.flatMap((step): Target[] => {
    const place = placeOf(step, manifest.trigger)
    if (place === undefined) return []
    const isNamed = step.type === 'move-file' && step.fileName !== undefined
    const names = isNamed ? [step.fileName!] : fileNames(place.sources, steps)
    // A renamed job delivers under another name where its name is part of it.
    const spell = (text: string) => text.replaceAll('{job}', job)
    return place.connections.flatMap((connection) =>
      names.map((fileName) => ({
        step: step.name,
        connection,
        path: spell(place.path),
        fileName: spell(fileName),
      })),
    )
  })
}

/** One line for a target: `acme-sftp:/outbound/{client}.csv`. */
export function spellTarget({ connection, path, fileName }: Omit<Target, 'step'>): string {
  // A folder is absolute; anything else is the beginning of a key and is taken as it is.
  return `${connection}:${path.startsWith('/') ? joinPath(path, fileName) : path + fileName}`
}

/** Compares whom and what a job reaches. `knownDomains` are those that the client's jobs mailed to before. */
export function deliveryEffects(
  before: Snapshot | null,
  after: Snapshot,
  knownDomains: ReadonlySet<string>,
): Effect[] {
  return [
    ...compareRecipients(before, after, knownDomains),
    ...compareTargets(before, after),
    ...compareConnections(before, after),
  ]
}

function compareRecipients(
  before: Snapshot | null,
  after: Snapshot,
  knownDomains: ReadonlySet<string>,
): Effect[] {
  const keyOf = ({ step, field, address }: Recipient) => JSON.stringify([step, field, address])
  const { gained, lost } = compareSets(before ? recipientsOf(before) : [], recipientsOf(after), keyOf)
  return [
    ...gained.map((recipient): Effect => {
      const newDomain = !knownDomains.has(domainOf(recipient.address))
      const told = phrase`recipient ${recipient.address} is gained: step ${recipient.step}, ${[recipient.field]}`
      return {
        kind: 'recipient-gained',
        ...recipient,
        newDomain,
        phrase: newDomain ? [...told, ' (new domain)'] : told,
      }
    }),
    ...lost.map(
      (recipient): Effect => ({
        kind: 'recipient-lost',
        ...recipient,
        newDomain: false,
        phrase: phrase`recipient ${recipient.address} is lost: step ${recipient.step}, ${[recipient.field]}`,
      }),
    ),
  ]
}

function compareTargets(before: Snapshot | null, after: Snapshot): Effect[] {
  const keyOf = (target: Target) => JSON.stringify([target.step, spellTarget(target)])
  const { gained, lost } = compareSets(before ? targetsOf(before) : [], targetsOf(after), keyOf)
  const tell = (target: Target, what: Phrase) =>
    phrase`target ${spellTarget(target)} is ${what}: step ${target.step}`
  return [
    ...gained.map(
      (target): Effect => ({ kind: 'target-gained', ...target, phrase: tell(target, ['gained']) }),
    ),
    ...lost.map((target): Effect => ({ kind: 'target-lost', ...target, phrase: tell(target, ['lost']) })),
  ]
}

function compareConnections(before: Snapshot | null, after: Snapshot): Effect[] {
  const { gained, lost } = compareSets(
    before ? namedConnections(before) : [],
    namedConnections(after),
    String,
  )
  return [
    ...gained.map(
      (connection): Effect => ({
        kind: 'connection-gained',
        connection,
        phrase: phrase`connection ${connection} is used from now on`,
      }),
    ),
    ...lost.map(
      (connection): Effect => ({
        kind: 'connection-lost',
        connection,
        phrase: phrase`connection ${connection} is no longer used`,
      }),
    ),
  ]
}

/** The connections that the job itself names: those of its drop folders and steps. */
function namedConnections({ manifest: { trigger, steps } }: Snapshot): string[] {
  const folders = trigger.type === 'ftp-in' ? trigger.folders.map(({ connection }) => connection) : []
  return [...folders, ...steps.flatMap((step) => connectionsOfStep(step).map(({ name }) => name))]
}

/** What is only in one of two lists, each once. */
export function compareSets<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
): { gained: T[]; lost: T[] } {
  const [a, b] = [before, after].map((items) => new Map(items.map((item) => [keyOf(item), item])))
  const missing = (from: Map<string, T>, there: Map<string, T>) =>
    [...from].filter(([key]) => !there.has(key)).map(([, item]) => item)
  return { gained: missing(b!, a!), lost: missing(a!, b!) }
}

function placeOf(
  step: Step,
  trigger: Snapshot['manifest']['trigger'],
): { connections: string[]; path: string; sources: string[] } | undefined {
  if (step.type === 'ftp-out-copy') {
    return { connections: [step.connection], path: step.path, sources: [step.from].flat() }
  }
  if (step.type === 'cloud-copy') {
    return { connections: [step.connection], path: step.prefix ?? '', sources: [step.from].flat() }
  }
  // A file is moved on the connection that it was posted to.
  if (step.type === 'move-file' && trigger.type === 'ftp-in') {
    const connections = [...new Set(trigger.folders.map(({ connection }) => connection))]
    return { connections, path: step.path, sources: [step.from] }
  }
  return undefined
}

/** The names of the files that steps offer: those of reports; a posted file keeps its own. */
function fileNames(sources: readonly string[], steps: readonly Step[]): string[] {
  const names = sources.map((source) => {
    const maker = steps.find(({ name }) => name === source)
    return maker && 'fileName' in maker ? (maker.fileName ?? '*') : '*'
  })
  return [...new Set(names)]
}
