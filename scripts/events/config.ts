/** A small config repository: a client whose campaign job takes typed parameters, and one without any job. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** By client; each signs with its own. */
export const secrets: Readonly<Record<string, string>> = {
  acme: `whsec_${Buffer.from('the key of acme, thirty-two bytes').toString('base64')}`,
  borealis: 'the key of borealis is a plain text',
}

const files: Record<string, string> = {
  'jobs.d/platform/settings.yaml': `apiVersion: jobsd/v1
kind: Settings
name: settings
alerts: { connection: mail, to: [ops@platform.example] }
`,
  // Nobody listens there: what the operators are told stays pending.
  'jobs.d/platform/connections/mail.yaml': `apiVersion: jobsd/v1
kind: Connection
name: mail
type: smtp
host: 127.0.0.1
port: 1
security: none
from: reports@platform.example
`,
  'jobs.d/acme/client.yaml': clientText('acme'),
  'jobs.d/borealis/client.yaml': clientText('borealis'),
  'jobs.d/platform/clients/acme.yaml': policyText('acme', 1_000_000),
  'jobs.d/platform/clients/borealis.yaml': policyText('borealis', 6_000),
  'jobs.d/acme/ended.yaml': `apiVersion: jobsd/v1
kind: Job
name: ended
title: Campaign ended
client: acme
scope: client
trigger:
  type: campaign
  parameters:
    - { name: leads, type: integer, required: true, min: 0 }
    - { name: region, type: text, field: campaign.region, allowed: [east, west], default: east }
steps:
  - name: any-leads
    type: condition
    when: { value: run.parameters.leads, greaterThan: 0 }
    onSuccess: end
    onFailure: end
`,
}

function clientText(name: string): string {
  return `apiVersion: jobsd/v1
kind: Client
name: ${name}
title: Client ${name}
timezone: America/Chicago
callCenters: [{ name: dallas, title: Dallas }]
`
}

function policyText(name: string, perMinute: number): string {
  return `apiVersion: jobsd/v1
kind: ClientPolicy
name: ${name}
connections: []
recipientDomains: []
eventsPerMinute: ${perMinute}
eventKeys: [{ name: dialer, key: { secret: ${name}-event-key } }]
`
}

export interface Places {
  repository: string
  secrets: string
  data: string
}

/** Writes it all below a folder. */
export function writeConfig(folder: string): Places {
  const places = {
    repository: join(folder, 'config'),
    secrets: join(folder, 'secrets'),
    data: join(folder, 'data'),
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(places.repository, path)), { recursive: true })
    writeFileSync(join(places.repository, path), text)
  }
  mkdirSync(places.secrets, { mode: 0o700 })
  for (const [client, secret] of Object.entries(secrets))
    writeFileSync(join(places.secrets, `${client}-event-key`), secret, { mode: 0o600 })
  return places
}
