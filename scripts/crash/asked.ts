/** What is asked of the engine in a trial, and how its senders behave: they repeat what was not acknowledged. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import { Secret } from '../../engine/core/secret.ts'
import { sign } from '../../engine/server/signature.ts'
import { secrets } from './config.ts'
import { hashOf } from './record.ts'
import { dropWhole } from './sftp-recorder.ts'
import type { World } from './world.ts'

const answerMs = 10_000

export interface DroppedFile {
  job: 'acme/upload' | 'borealis/upload'
  name: string
  sha256: string
}

export interface Asked {
  slots: string[]
  files: DroppedFile[]
  /** Ids of events; each is sent until it is acknowledged. */
  events: { id: string; isAnswered: boolean }[]
  /** By hand, by their slot. A question without an answer is asked again for another slot. */
  hands: { slot: string; isAnswered: boolean }[]
}

export function dropFile(world: World, asked: Asked, job: DroppedFile['job'], name: string): void {
  const bytes = Buffer.from(`name\n${`${name}\n`.repeat(2_000)}`)
  const folder = job === 'acme/upload' ? join(world.folders, 'inbox/in') : join(world.sftp, 'dropbox/in')
  dropWhole(join(folder, name), bytes, writeFileSync)
  asked.files.push({ job, name, sha256: hashOf(bytes) })
}

/** Sends an event once; true when it was acknowledged. */
export async function sendEvent(address: string, id: string): Promise<boolean> {
  const data = { campaign: { id, name: 'A campaign' } }
  const source = '/dialer'
  const body = Buffer.from(JSON.stringify({ specversion: '1.0', id, source, type: 'campaign.ended', data }))
  const timestamp = String(Math.floor(Date.now() / 1000))
  try {
    const response = await fetch(`${address}/v1/events?key=acme/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(new Secret(secrets['event-key']), { id, timestamp, body }),
      },
      body,
      signal: AbortSignal.timeout(answerMs),
    })
    const text = await response.text()
    if (response.status === 202 || response.status === 200) return true
    if (response.status < 500 && response.status !== 429)
      throw new Error(`an event was answered ${response.status}: ${text}`)
    return false
  } catch (error) {
    if (isBroken(error)) return false
    throw error
  }
}

/** Asks for a run by hand; true when it was acknowledged. */
export async function askByHand(world: World, slot: string): Promise<boolean> {
  try {
    const client = await connectControl(dataFolderOf(world.data).socket)
    if (!client) return false
    return (await client.run({ job: 'borealis/by-hand', slot })).length === 1
  } catch (error) {
    if (isBroken(error)) return false
    throw error
  }
}

/** How many runs there are and how many have not ended; undefined where nobody answers. */
export async function countRuns(world: World): Promise<{ all: number; open: number } | undefined> {
  try {
    const client = await connectControl(dataFolderOf(world.data).socket)
    const runs = await client?.runs({ limit: 10_000 })
    return runs && { all: runs.length, open: runs.filter((run) => run.endedAt === null).length }
  } catch (error) {
    if (isBroken(error)) return undefined
    throw error
  }
}

/** The engine was killed in mid-sentence. */
function isBroken(error: unknown): boolean {
  const { code, cause, name } = error as { code?: string; cause?: { code?: string }; name?: string }
  const codes = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ENOENT', 'UND_ERR_SOCKET']
  return codes.includes(code ?? '') || codes.includes(cause?.code ?? '') || name === 'TimeoutError'
}
