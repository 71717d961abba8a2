/** Makes each trigger happen for real, as the outside world would. */
import { randomUUID } from 'node:crypto'
import SftpClient from 'ssh2-sftp-client'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { sign } from '../../engine/server/signature.ts'

export interface CampaignEnd {
  client: string
  campaign: { id: string; name: string; start?: string; end?: string }
}

/** Posts a campaign's end as a signed CloudEvent, as the dialer would. Returns the ids of the runs it started. */
export async function postCampaignEnd(
  address: string,
  secret: string,
  { client, campaign }: CampaignEnd,
): Promise<string[]> {
  const id = randomUUID()
  const body = Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: `/dialer/${client}`,
      type: 'campaign.ended',
      data: { campaign },
    }),
  )
  const timestamp = String(Math.floor(Date.now() / 1000))
  const response = await fetch(`${address}/v1/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(new Secret(secret), { id, timestamp, body }),
    },
    body,
  })
  const answer = (await response.json()) as { runs?: string[]; error?: string }
  if (response.status !== 202 || !answer.runs)
    throw new Error(`the event was answered ${response.status}: ${answer.error}`)
  return answer.runs
}

/** Uploads a file under a temporary name and renames it, as a careful SFTP client does. */
export async function dropFile(
  connection: SftpConnection,
  password: string,
  path: string,
  content: Buffer,
  port: number,
): Promise<void> {
  const client = new SftpClient()
  await client.connect({ host: '127.0.0.1', port, username: connection.username, password })
  try {
    const folder = path.slice(0, path.lastIndexOf('/')) || '/'
    await client.mkdir(folder, true)
    await client.put(content, `${path}.part`)
    await client.rename(`${path}.part`, path)
  } finally {
    await client.end()
  }
}
