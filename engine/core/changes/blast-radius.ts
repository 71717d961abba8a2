/** One line on how far a change reaches. */

import { domainOf } from '../mail-address.ts'
import type { JobId, Snapshot } from '../model.ts'
import { spellCount } from '../spell-count.ts'
import { compareSets, hasAddress, recipientsOf } from './delivery-effects.ts'
import type { BlastRadius, JobChange, PlannedSide, SharedChange } from './model.ts'
import { joinPhrases, type Phrase, phrase } from './phrase.ts'

const maxNamed = 5

/** A job before and after, null where it is not there or does not compile. */
export interface JobPair {
  before: Snapshot | null
  after: Snapshot | null
}

/** The domains that each client's jobs mail to. */
export function mailedDomains(side: PlannedSide): Map<string, Set<string>> {
  const domains = new Map<string, Set<string>>()
  for (const { snapshot } of side.jobs.values()) {
    if (!snapshot) continue
    const own = domains.get(snapshot.client.name) ?? new Set()
    domains.set(snapshot.client.name, own)
    for (const { address } of recipientsOf(snapshot).filter(hasAddress)) own.add(domainOf(address))
  }
  return domains
}

/** Sums up the changes. A recipient is gained or lost where a job mails them that did not, or no longer does. */
export function measureBlastRadius(
  before: PlannedSide,
  after: PlannedSide,
  changes: readonly { change: JobChange; pair: JobPair }[],
  shared: readonly SharedChange[],
): BlastRadius {
  const known = mailedDomains(before)
  const effective = changes.filter(({ change }) => change.effects.length > 0)
  const count = (kind: JobChange['kind']) => effective.filter(({ change }) => change.kind === kind).length
  const people = effective.map(({ change, pair }) => compareRecipients(change, pair, known))
  const clients = new Set([...before.clients, ...after.clients])
  const touched = new Set([
    ...effective.map(({ change }) => clientOf(change.job)),
    ...shared.flatMap(({ jobs }) => jobs.map(clientOf)),
  ])
  const sum = {
    jobs: {
      added: count('added'),
      changed: count('changed'),
      removed: count('removed'),
      renamed: count('renamed'),
    },
    withoutEffect: changes.length - effective.length,
    recipientsGained: distinct(people.flatMap(({ gained }) => gained)),
    recipientsLost: distinct(people.flatMap(({ lost }) => lost)),
    clientsTouched: [...touched].sort(),
    clients: clients.size,
  }
  return { ...sum, phrase: spellSum(sum, shared.length > 0) }
}

function compareRecipients(
  { job, kind }: JobChange,
  { before, after }: JobPair,
  known: Map<string, Set<string>>,
) {
  const client = clientOf(job)
  // A job that does not compile any more goes on as it was; a disabled one mailed nobody by itself.
  const now = after ?? (kind === 'removed' ? null : before)
  const { gained } = compareSets(addressesOf(before), addressesOf(now), String)
  const { lost } = compareSets(
    addressesOf(before?.manifest.enabled ? before : null),
    addressesOf(now),
    String,
  )
  const isNew = (address: string) => hasAddress({ address }) && !known.get(client)?.has(domainOf(address))
  return {
    gained: gained.map((address) => ({ client, address, newDomain: isNew(address) })),
    lost: lost.map((address) => ({ client, address })),
  }
}

function addressesOf(snapshot: Snapshot | null): string[] {
  return snapshot ? recipientsOf(snapshot).map(({ address }) => address) : []
}

/** `2 jobs changed, 1 removed; 1 recipient gained (a@b.example, new domain); touches 1 of 3 clients` */
function spellSum(sum: Omit<BlastRadius, 'phrase'>, hasShared: boolean): Phrase {
  const { jobs, recipientsGained, recipientsLost, clientsTouched, clients } = sum
  const kinds = (['added', 'changed', 'renamed', 'removed'] as const).filter((kind) => jobs[kind] > 0)
  if (kinds.length === 0 && !hasShared) return ['no change in behaviour']
  const counts = kinds.map(
    (kind, index) => `${index === 0 ? spellCount(jobs[kind], 'job') : jobs[kind]} ${kind}`,
  )
  const parts: Phrase[] = counts.length > 0 ? [[counts.join(', ')]] : [['no job changed']]
  const noun = (count: number) => spellCount(count, 'recipient')
  const lostNoun = recipientsGained.length > 0 ? String : noun
  const people = [
    spellPeople(recipientsGained, noun, 'gained'),
    spellPeople(recipientsLost, lostNoun, 'lost'),
  ]
  parts.push(joinPhrases(people.filter((each) => each.length > 0)))
  parts.push([`touches ${clientsTouched.length} of ${spellCount(clients, 'client')}`])
  return joinPhrases(
    parts.filter((each) => each.length > 0),
    '; ',
  )
}

function spellPeople(
  people: readonly { address: string; newDomain?: boolean }[],
  count: (people: number) => string,
  word: string,
): Phrase {
  if (people.length === 0) return []
  const named = people
    .slice(0, maxNamed)
    .map(({ address, newDomain }) => [...phrase`${address}`, newDomain ? ', new domain' : ''])
  const more = people.length > maxNamed ? [[`${people.length - maxNamed} more`]] : []
  return [`${count(people.length)} ${word} (`, ...joinPhrases([...named, ...more], '; '), ')']
}

function distinct<T extends { client: string; address: string }>(people: T[]): T[] {
  const byAddress = new Map(people.map((person) => [JSON.stringify([person.client, person.address]), person]))
  return [...byAddress.values()]
}

function clientOf(job: JobId): string {
  return job.slice(0, job.indexOf('/'))
}
