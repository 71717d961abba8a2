/** Who and what a job reaches: recipients, targets, drop folders, connections. */

import { noticeCopies } from '../alert-facts.ts'
import { suffixOf } from '../companion-suffix.ts'
import { connectionsInPlace } from '../files-in-place.ts'
import { madeName } from '../made-names.ts'
import { domainOf } from '../mail-address.ts'
import { mailLinkFolder } from '../mail-links.ts'
import type { Snapshot, Step } from '../model.ts'
import { joinPath } from '../paths.ts'
import { recipientParameter } from '../recipients.ts'
import { connectionsOfStep } from '../step-connections.ts'
import type { Effect, RecipientField, Target } from './model.ts'
import { type Phrase, phrase } from './phrase.ts'

export interface Recipient {
  step: string
  field: RecipientField
  address: string
}

const fields = ['to', 'cc', 'bcc'] as const

/** Everybody whom a job mails, once for each step and field; alerts of its failures aside. */
export function recipientsOf(snapshot: Snapshot): Recipient[] {
  return snapshot.manifest.steps.flatMap((step): Recipient[] => {
    if (step.type === 'notify') {
      const addresses = noticeCopies(step, snapshot).flatMap(({ to }) => to ?? [])
      return addresses.map((address) => ({ step: step.name, field: 'notice', address }))
    }
    if (step.type !== 'email') return []
    return fields.flatMap((field) =>
      (step[field] ?? []).map((address) => ({ step: step.name, field, address })),
    )
  })
}

/** Those whose address is known before a run; the others are held to the policy's domains when a mail is sent. */
export function hasAddress({ address }: Pick<Recipient, 'address'>): boolean {
  return recipientParameter(address) === undefined
}

/** `ops@acme.example`, or who a parameter names. */
function spellRecipient(address: string): Phrase {
  const name = recipientParameter(address)
  return name === undefined
    ? phrase`recipient ${address}`
    : phrase`whoever the parameter ${name} names (within the recipient domains of the policy)`
}

/** Every place where a job puts files, one for each file name. */
export function targetsOf({ manifest }: Snapshot): Target[] {
  const { steps, name: job } = manifest
  return steps.flatMap((step): Target[] => {
    const place = placeOf(step, manifest)
    if (place === undefined) return []
    const isNamed = step.type === 'move-file' && step.fileName !== undefined
    // A request has one target, whichever files are sent by it.
    const given = isNamed ? [step.fileName!] : step.type === 'http-request' ? [''] : undefined
    const ownNames = given ?? fileNames(place.sources, steps)
    const suffix = step.type === 'ftp-out-copy' && step.companion ? suffixOf(step.companion) : undefined
    const names = suffix === undefined ? ownNames : ownNames.flatMap((name) => [name, name + suffix])
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
      const newDomain = hasAddress(recipient) && !knownDomains.has(domainOf(recipient.address))
      const who = spellRecipient(recipient.address)
      const told = phrase`${who} is gained: step ${recipient.step}, ${[recipient.field]}`
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
        phrase: phrase`${spellRecipient(recipient.address)} is lost: step ${recipient.step}, ${[recipient.field]}`,
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
  manifest: Snapshot['manifest'],
): { connections: string[]; path: string; sources: string[] } | undefined {
  if (step.type === 'ftp-out-copy') {
    return { connections: [step.connection], path: step.path, sources: [step.from].flat() }
  }
  if (step.type === 'cloud-copy') {
    return { connections: [step.connection], path: step.prefix ?? '', sources: [step.from].flat() }
  }
  if (step.type === 'email' && step.linkConnection !== undefined) {
    const path = mailLinkFolder('{job}', '{runId}', step.name)
    return { connections: [step.linkConnection], path, sources: [step.from ?? []].flat() }
  }
  if (step.type === 'http-request') {
    return { connections: [step.connection], path: `${step.method} ${step.path}`, sources: [] }
  }
  // A file is moved on the connection that it lies at.
  if (step.type === 'move-file') {
    const connections = connectionsInPlace(step, manifest)
    return { connections, path: step.path, sources: [step.from] }
  }
  return undefined
}

/** The names of the files that steps offer: those of reports and what is made of them; a posted file keeps its own. */
function fileNames(sources: readonly string[], steps: readonly Step[]): string[] {
  const names = sources.flatMap((source) => {
    const maker = steps.find(({ name }) => name === source)
    if (maker?.type === 'cloud-fetch') return [maker.match.split('/').at(-1)!]
    if (maker?.type === 'wait-for-file') return [maker.match]
    if (maker && 'fileName' in maker && maker.fileName !== undefined) return [maker.fileName]
    if (maker?.type === 'http-request' && maker.saveAs !== undefined) return [maker.saveAs]
    if (!maker || madeName(maker, '') === undefined) return ['*']
    const { from = [] } = maker as { from?: string | string[] }
    return fileNames([from].flat(), steps).map((name) => madeName(maker, name) ?? '*')
  })
  return [...new Set(names)]
}
