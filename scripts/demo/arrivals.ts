/** Compares what the ledger says was delivered with what the servers hold. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import type { S3Connection } from '../../engine/core/manifest.ts'
import type { Delivery, RunDetail } from '../../engine/core/model.ts'
import type { OutFolder } from './out-folder.ts'
import type { Site } from './site.ts'

/** One delivery as its target's server has it. */
export interface Arrival {
  job: string
  callCenter: string | null
  delivery: Delivery
  /** What is wrong; empty when it is there, whole. */
  problem: string
}

/** Looks for every delivery of these runs at its target, by name, size and sha256. */
export async function findArrivals(runs: RunDetail[], site: Site, out: OutFolder): Promise<Arrival[]> {
  const mails = await readMails(out.mail)
  const arrivals: Arrival[] = []
  for (const run of runs) {
    for (const delivery of run.steps.flatMap((step) => step.deliveries)) {
      const problem =
        delivery.state === 'confirmed'
          ? await compare(delivery, site, out, mails)
          : `is ${delivery.state}: ${delivery.note}`
      arrivals.push({ job: run.job, callCenter: run.callCenter, delivery, problem })
    }
  }
  return arrivals
}

async function compare(delivery: Delivery, site: Site, out: OutFolder, mails: ParsedMail[]): Promise<string> {
  const [kind = '', connection = '', ...rest] = delivery.target.split(':')
  const path = rest.join(':')
  if (kind === 'mail') return compareMail(delivery, path.split(','), mails)
  const bytes =
    kind === 's3'
      ? await readObject(site, connection, path)
      : await readFile(join(out.sftp, connection, path)).catch(() => undefined)
  if (!bytes) return 'is not at the target'
  return sha256(bytes) === delivery.artifact?.sha256 ? '' : 'differs from what was sent'
}

/** The mail to exactly these recipients that carries the artifact, or any where there is none. */
function compareMail({ artifact }: Delivery, recipients: string[], mails: ParsedMail[]): string {
  const toThem = mails.filter((mail) => recipients.every((address) => addressesOf(mail).includes(address)))
  if (toThem.length === 0) return 'is not in the mailbox'
  if (
    artifact &&
    !toThem.some((mail) => mail.attachments.some(({ content }) => sha256(content) === artifact.sha256))
  )
    return 'the attachment differs from what was sent'
  return ''
}

function addressesOf({ to, cc }: ParsedMail): string[] {
  return [to, cc]
    .flatMap((field) => (field ? [field].flat() : []))
    .flatMap(({ value }) => value.map(({ address }) => address ?? ''))
}

async function readMails(folder: string): Promise<ParsedMail[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort()
  return Promise.all(names.map(async (name) => simpleParser(await readFile(join(folder, name)))))
}

async function readObject(site: Site, name: string, key: string): Promise<Buffer | undefined> {
  const connection = site.connections.find(
    (each): each is S3Connection => each.type === 's3' && each.name === name,
  )
  const objects = connection ? await site.objects(connection.bucket) : []
  return objects.find((object) => object.key === `${connection?.prefix ?? ''}${key}`)?.body
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
