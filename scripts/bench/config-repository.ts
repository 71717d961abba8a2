/** A generated config repository of any size: the shapes of the example jobs, varied. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const jobsPerClient = 50
const zones = ['America/Chicago', 'America/New_York', 'America/Denver', 'America/Los_Angeles', 'UTC']
const centerNames = ['dallas', 'tampa', 'reno', 'omaha', 'boise', 'mesa']
const crons = ['30 18 * * 1-5', '0 6 * * 1', '15 0 * * *', '0 7 1 * *', '45 20 * * 1-6', '10 */2 * * *']
const titles = [
  'End-of-day call detail',
  "'Agents: the week''s summary'",
  '"Month to date: \\u00a7 billing"',
  'Résumé #3 of the day',
]
const periods = ['day', 'week', 'month', 'day-so-far', 'week-to-date']

function pick<T>(from: readonly T[], index: number): T {
  return from[index % from.length] as T
}

/** Files by path for that many jobs, 50 a client, with policies and connections; the same number gives the same files. */
export function generateRepository(jobs: number): Map<string, string> {
  const files = new Map<string, string>()
  files.set('jobs.d/platform/settings.yaml', settings)
  files.set('jobs.d/platform/connections/mail.yaml', mailConnection)
  files.set('jobs.d/platform/connections/warehouse.yaml', warehouse)
  files.set('jobs.d/platform/calendars/us-business.yaml', calendar)
  for (let index = 0; index < jobs; index++) {
    const client = `client-${String(Math.floor(index / jobsPerClient)).padStart(4, '0')}`
    if (index % jobsPerClient === 0) addClient(files, client, index / jobsPerClient)
    const name = `job-${String(index % jobsPerClient).padStart(2, '0')}`
    files.set(`jobs.d/${client}/${name}.yaml`, writeJob(client, name, index))
  }
  return files
}

/** Writes files below a folder. */
export function writeFiles(root: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function head(kind: string, name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}\napiVersion: jobsd/v1\nkind: ${kind}\nname: ${name}\n`
}

function addClient(files: Map<string, string>, client: string, index: number): void {
  files.set(
    `jobs.d/${client}/client.yaml`,
    `${head('Client', client, '../../schemas/client.json')}title: Customer number ${index} (collections)
timezone: ${pick(zones, index)}
dayCutOff: "0${index % 6}:00"
callCenters:
${[0, 1, 2].map((place) => `  - { name: ${pick(centerNames, index + place)}, title: "${pick(centerNames, index + place)}, center ${place}" }\n`).join('')}`,
  )
  files.set(
    `jobs.d/platform/clients/${client}.yaml`,
    `${head('ClientPolicy', client, '../../../schemas/client-policy.json')}connections: [mail, ${client}-sftp, ${client}-s3]
recipientDomains: [${client}.example, partner.example]
dataset: { connection: warehouse, client: ${client} }
maxAttachmentSize: 10MiB
eventKeys:
  - name: campaigns
    key: { secret: ${client}-event-key }
`,
  )
  files.set(
    `jobs.d/platform/connections/${client}-sftp.yaml`,
    `${head('Connection', `${client}-sftp`, '../../../schemas/connection.json')}title: The customer's SFTP server
type: sftp
host: sftp.${client}.example
username: platform-reports
password: { secret: ${client}-sftp-password }
hostKeys: ["SHA256:lB2mF8qXyvLzV0kQxJ9rT3nWd5cGhS7oPa1uEiRbYtM"]
root: /
`,
  )
  files.set(
    `jobs.d/platform/connections/${client}-s3.yaml`,
    `${head('Connection', `${client}-s3`, '../../../schemas/connection.json')}title: The customer's bucket
type: s3
endpoint: https://s3.${client}.example
region: us-east-1
bucket: ${client}-reports
accessKeyId: { secret: ${client}-s3-access-key-id }
secretAccessKey: { secret: ${client}-s3-secret-access-key }
`,
  )
}

function writeJob(client: string, name: string, index: number): string {
  const perCenter = index % 3 !== 0
  const own = Math.floor(index / jobsPerClient)
  const centers = [pick(centerNames, own), pick(centerNames, own + 1)]
  return `${head('Job', name, '../../schemas/job.json')}title: ${pick(titles, index)}
description: >-
  The calls of the last complete day, one file per call center, to the customer's SFTP server and by mail to
  the call center's own people. Asked for in request ${10_000 + index}.
client: ${client}
scope: ${perCenter ? `call-center\ncallCenters: [${centers.join(', ')}]` : 'client'}
enabled: ${index % 17 !== 0}
trigger:
${index % jobsPerClient === 7 ? '  type: campaign' : writeSchedules(index)}
steps:
${writeSteps(client, name, index, perCenter, centers)}`
}

function writeSchedules(index: number): string {
  // A daily report covers every day, as validate asks.
  const isDaily = pick(periods, index) === 'day'
  const first = `  type: scheduled
  schedules:
    - name: weekdays
      cron: "${isDaily ? `${index % 60} 5 * * *` : pick(crons, index)}"
      timezone: ${pick(zones, index)}
      calendar: us-business
      onHoliday: ${isDaily ? 'next' : pick(['skip', 'previous', 'next'], index)}
      catchUp: ${pick(['latest', 'none', 'all'], index)}`
  if (index % 2 === 0) return first
  return `${first}
    - name: weekend   # the small shift
      cron: '${(index * 7) % 60} ${9 + (index % 9)} * * 0,6'
      timezone: ${pick(zones, index)}`
}

function writeSteps(client: string, name: string, index: number, perCenter: boolean, centers: string[]) {
  const token = perCenter ? '{callCenter}_' : ''
  const mails = (perCenter ? centers : ['reports']).map(
    (who, place) => `  - name: mail-${who}
    type: email
    from: build
    connection: mail
    to: [${who}@${client}.example, "ops+${index}@partner.example"]
    subject: "{{job.title}} of {{period.end}}"
    template: report-ready
    retry: { maxAttempts: ${3 + place}, delay: 1m }
    onSuccess: end
`,
  )
  const branch = `  - name: whose
    type: condition
    when: { value: run.callCenter, equals: ${centers[0]} }
    onSuccess: mail-${centers[0]}
    onFailure: mail-${centers[1]}
`
  return `  # The report first; nothing is sent when it is empty.
  - name: build
    type: report
    report: call/call-detail
    period: ${index % jobsPerClient === 7 ? 'campaign' : pick(periods, index)}
    format: csv
    fileName: "{client}_${name}_${token}{period.end:yyyyMMdd}.csv"
    onEmpty: ${pick(['skip', 'send', 'fail'], index)}
    onSuccess: upload
    onFailure: fail
  - name: upload
    type: ftp-out-copy
    from: build
    connection: ${client}-sftp
    path: /outbound/reports/${name}
    overwrite: skip-if-same
    retry: { maxAttempts: 5, delay: 30s, backoffFactor: 2 }
    timeout: 10m
    onSuccess: store
  - name: store
    type: cloud-copy
    from: build
    connection: ${client}-s3
    prefix: reports/${name}/
    overwrite: skip-if-same
${perCenter ? '' : '    retry:\n      maxAttempts: 3\n      delay: 30s\n      maxDelay: 10m\n'}    onSuccess: ${perCenter ? 'whose' : 'mail-reports'}
${perCenter ? branch : ''}${mails.join('')}`
}

const settings = `${head('Settings', 'settings', '../../schemas/settings.json')}alerts:
  connection: mail
  to: [ops@platform.example]
maxRuns: 8
`
const mailConnection = `${head('Connection', 'mail', '../../../schemas/connection.json')}title: The mail relay
type: smtp
host: mail.platform.example
port: 587
security: starttls
from: reports@platform.example
fromName: Platform Reports
`
const warehouse = `${head('Connection', 'warehouse', '../../../schemas/connection.json')}title: The warehouse
type: dataset
format: parquet
path: /srv/warehouse
`
const calendar = `${head('Calendar', 'us-business', '../../../schemas/calendar.json')}title: US business days
weekends: [sat, sun]
holidays:
  - { date: "2026-01-01", title: New Year's Day }
  - { date: "2026-12-25", title: Christmas Day }
`
