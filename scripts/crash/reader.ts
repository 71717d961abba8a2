/**
 * The independent reader: from what was asked for and what the servers saw it tells what was lost, doubled or left
 * behind. Of the engine it takes only the ledger's rows.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ReceivedMail } from '../demo/smtp-server.ts'
import type { Asked } from './asked.ts'
import { bucket } from './config.ts'
import type { LedgerRows, RunRow } from './ledger-rows.ts'
import { isTemporary, type Publish } from './record.ts'
import type { World } from './world.ts'

export interface Verdict {
  /** Sentences; none: the promise was kept. */
  faults: string[]
  published: number
  mails: number
  /** Mails that came twice, where the job resends what is in doubt. */
  doubledMails: number
  /** Mails that are held for a person. */
  held: number
  runs: number
}

interface Expected {
  /** `<target> <path>` → the sha256, where it is known beforehand. */
  files: Map<string, string | undefined>
  /** Recipient → what names each of its mails. */
  mails: Map<string, string[]>
  /** `<job> <key or slot>` */
  runs: Set<string>
}

const resent = ['campaign@acme.example', 'upload@acme.example']

/** `inDoubt` counts, after each crash, the mails that were being handed over in that moment. */
export function judge(world: World, asked: Asked, ledger: LedgerRows, inDoubt: number): Verdict {
  const faults = [...world.record().faults]
  const expected = expect(asked, ledger)
  checkFiles(world.record().publishes, expected, faults)
  const mails = checkMails(world.mails(), expected, ledger, inDoubt, faults)
  checkRuns(ledger, asked, expected, faults)
  checkLeftovers(world, faults)
  return { faults, ...mails, published: world.record().publishes.length, runs: ledger.runs.length }
}

function expect(asked: Asked, { runs }: LedgerRows): Expected {
  const expected: Expected = { files: new Map(), mails: new Map(), runs: new Set() }
  const mail = (to: string, name: string): void => {
    expected.mails.set(to, [...(expected.mails.get(to) ?? []), name])
  }
  for (const slot of asked.slots) {
    const name = `daily_${slot.slice(0, 10).replaceAll('-', '')}.csv`
    for (const place of [
      `sftp acme-sftp/outbound/daily/${name}`,
      `s3 ${bucket}/daily/${name}`,
      `folder archive/daily/${name}`,
    ])
      expected.files.set(place, undefined)
    mail('daily@acme.example', name)
    expected.runs.add(`acme/daily scheduled ${slot}`)
  }
  for (const { id } of asked.events) {
    expected.files.set(`sftp acme-sftp/outbound/campaign/campaign_${id}.csv`, undefined)
    mail('campaign@acme.example', `campaign_${id}.csv`)
    expected.runs.add(`acme/campaign campaign ${id}`)
    expected.files.set(`folder archive/follow/follow_${id}.csv`, undefined)
    expected.runs.add(`acme/follow after acme/campaign campaign ${id}`)
  }
  for (const { job, name, sha256 } of asked.files) {
    const places =
      job === 'acme/upload'
        ? [`sftp acme-sftp/uploads/${name}`, `s3 ${bucket}/uploads/${name}`, `folder inbox/done/${name}`]
        : [`folder archive/borealis/${name}`, `sftp dropbox/done/${name}`]
    for (const place of places) expected.files.set(place, sha256)
    mail(job === 'acme/upload' ? 'upload@acme.example' : 'upload@borealis.example', name)
    expected.runs.add(`${job} ftp-in ${name}`)
  }
  for (const { slot, isAnswered } of asked.hands) {
    // What was asked for without an answer may have been heard or not; where it was, it is held to the same.
    if (!isAnswered && !runs.some((run) => run.type === 'manual' && run.slot === slot)) continue
    mail('hand@borealis.example', handSubject(slot))
    expected.runs.add(`borealis/by-hand manual ${slot}`)
  }
  return expected
}

function handSubject(slot: string): string {
  return `By hand ${slot.slice(0, 16)}`
}

function checkFiles(publishes: Publish[], expected: Expected, faults: string[]): void {
  const counts = new Map<string, Publish[]>()
  for (const publish of publishes) {
    const place = `${publish.target} ${publish.path}`
    counts.set(place, [...(counts.get(place) ?? []), publish])
  }
  const byName = new Map<string, string>()
  for (const [place, found] of counts) {
    if (!expected.files.has(place)) faults.push(`nobody asked for ${place}`)
    if (found.length > 1) faults.push(`doubled: ${place} was published ${found.length} times`)
    const known = expected.files.get(place)
    const name = place.slice(place.lastIndexOf('/') + 1)
    for (const { sha256, size } of found) {
      // The same file has the same content at each target: a cut one would differ.
      const wanted = known ?? byName.get(name) ?? sha256
      byName.set(name, wanted)
      if (sha256 !== wanted || size === 0)
        faults.push(`partial: ${place} had ${size} bytes of another sha256`)
    }
  }
  for (const place of expected.files.keys()) if (!counts.has(place)) faults.push(`lost: ${place}`)
}

function checkMails(
  received: ReceivedMail[],
  expected: Expected,
  { deliveries, runs }: LedgerRows,
  inDoubt: number,
  faults: string[],
): Pick<Verdict, 'mails' | 'doubledMails' | 'held'> {
  let [doubledMails, held] = [0, 0]
  const told = received.filter(({ to }) => to.includes('ops@platform.example')).length
  for (const [to, names] of expected.mails) {
    const mine = received.filter((mail) => mail.to.includes(to))
    const ids = new Set(mine.map(({ raw }) => /^message-id: *(\S+)/im.exec(raw.toString('latin1'))?.[1]))
    const heldHere = deliveries.filter(
      ({ target, state }) => target === `mail:mail:${to}` && state === 'in-doubt',
    ).length
    held += heldHere
    for (const name of names) {
      const count = mine.filter(({ raw }) => raw.toString('latin1').includes(name)).length
      const twice = Math.max(0, count - 1)
      if (count === 0 && (resent.includes(to) || heldHere === 0))
        faults.push(`lost: the mail to ${to} with ${name}`)
      if (twice > 0 && !resent.includes(to)) faults.push(`doubled: the mail to ${to} with ${name}`)
      doubledMails += resent.includes(to) ? twice : 0
    }
    if (ids.size > names.length)
      faults.push(`doubled: ${ids.size} message ids for ${names.length} mails to ${to}`)
    const missing = names.length - ids.size
    if (missing > heldHere) faults.push(`lost: ${missing} mails to ${to}, ${heldHere} of them are held`)
    if (resent.includes(to) && heldHere > 0)
      faults.push(`${heldHere} mails to ${to} are held, and should be resent`)
  }
  if (doubledMails > inDoubt)
    faults.push(`${doubledMails} mails are doubled, and only ${inDoubt} were in doubt`)
  const failed = runs.filter(({ state }) => state === 'failed').length
  if (held > 0 && told === 0) faults.push('a mail is held and the operators were not told')
  if (failed !== held) faults.push(`${failed} runs failed, and ${held} mails are held`)
  return { mails: received.length, doubledMails, held }
}

function checkRuns(
  { runs, events, slots }: LedgerRows,
  asked: Asked,
  expected: Expected,
  faults: string[],
): void {
  const counts = new Map<string, number>()
  for (const run of runs) {
    const name = nameOf(run, runs)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    if (run.state !== 'succeeded' && run.state !== 'failed') faults.push(`${name} is ${run.state} at the end`)
  }
  for (const [name, count] of counts) {
    if (count > 1) faults.push(`doubled: ${count} runs of ${name}`)
    if (!expected.runs.has(name)) faults.push(`nobody asked for the run ${name}`)
  }
  for (const name of expected.runs) if (!counts.has(name)) faults.push(`lost: no run of ${name}`)
  for (const { id } of asked.events) if (!events.includes(id)) faults.push(`lost: event ${id}`)
  for (const at of asked.slots)
    if (slots.filter((slot) => slot.at === at && slot.outcome === 'ran').length !== 1)
      faults.push(`slot ${at} is not recorded as ran`)
}

function nameOf({ job, type, key, slot }: RunRow, runs: RunRow[]): string {
  if (type === 'after') {
    const before = runs.find(({ id }) => key.endsWith(`:${id}`))
    return `${job} ${type} ${before ? nameOf(before, runs) : key}`
  }
  if (type === 'campaign') return `${job} ${type} ${(JSON.parse(key) as string[])[1]}`
  if (type === 'ftp-in') return `${job} ${type} ${/([^/"]+\.csv)/.exec(key)?.[1]}`
  return `${job} ${type} ${slot}`
}

function checkLeftovers(world: World, faults: string[]): void {
  for (const root of [world.sftp, world.folders])
    for (const path of readdirSync(root, { recursive: true }) as string[])
      if (isTemporary(path)) faults.push(`left behind: ${path}`)
  for (const path of ['dropbox/in', 'inbox/in'].map((name) =>
    name.startsWith('dropbox') ? join(world.sftp, name) : join(world.folders, name),
  ))
    for (const name of readdirSync(path)) faults.push(`not moved: ${path}/${name}`)
  const scratch = join(world.data, 'artifacts/scratch')
  const work = join(world.data, 'work')
  for (const folder of [scratch, work])
    if (existsSync(folder))
      for (const name of readdirSync(folder)) faults.push(`left behind in the data folder: ${name}`)
}
