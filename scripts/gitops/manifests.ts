/** The texts of a small config repository: a few clients, and jobs of three kinds. */
import { join } from 'node:path'
import type { Content, Files } from './repository.ts'

export const clients = ['acme', 'borealis', 'cobalt'] as const
export type ClientName = (typeof clients)[number]

export interface JobSpec {
  client: ClientName
  name: string
  kind: 'scheduled' | 'ftp-in' | 'campaign'
  title: string
  enabled: boolean
  perCenter: boolean
  previousName: string | null
  schedules: { cron: string; calendar: boolean; catchUp: 'none' | 'latest' | 'all'; window: string }[]
}

/** What a commit holds. Plain data, so that an earlier one can be had back. */
export interface World {
  /** By `<client>/<name>`. */
  jobs: Record<string, JobSpec>
  /** What stands in place of a file's text; null: the file is not there. */
  instead: Record<string, Content | null>
  maxRemovals: number
  holiday: string
  mailTitle: string
  readme: number
}

export function textContent(data: string): Content {
  return { mode: '100644', data }
}

function head(kind: string, name: string): string {
  return `apiVersion: jobsd/v1\nkind: ${kind}\nname: ${name}\n`
}

/** The text of a job's file as it should be. */
export function jobText(job: JobSpec): string {
  const previous = job.previousName === null ? '' : `previousName: ${job.previousName}\n`
  const scope = job.perCenter ? 'call-center' : 'client'
  return `${head('Job', job.name)}title: ${job.title}
client: ${job.client}
${previous}scope: ${scope}
enabled: ${job.enabled}
trigger:
${triggerText(job)}steps:
${job.kind === 'ftp-in' ? '  - name: move\n    type: move-file\n    from: trigger\n    path: /done\n' : mailStep(job)}`
}

function mailStep({ client }: JobSpec): string {
  return `  - name: mail
    type: email
    connection: mail
    to: [ops@${client}.example]
    template: note
`
}

function triggerText({ kind, client, schedules }: JobSpec): string {
  if (kind === 'campaign') return '  type: campaign\n'
  if (kind === 'ftp-in') {
    return `  type: ftp-in
  folders:
    - connection: drop-${client}
      path: /in
      complete: renamed
      every: 5m
`
  }
  const texts = schedules.map(
    ({ cron, calendar, catchUp, window }, index) => `    - name: s${index}
      cron: "${cron}"
      timezone: UTC
      catchUp: ${catchUp}
${calendar ? '      calendar: work\n' : ''}${catchUp === 'none' ? '' : `      catchUpWindow: ${window}\n`}`,
  )
  return `  type: scheduled\n  schedules:\n${texts.join('')}`
}

/** Where the files of a client are dropped, below the folder of all of them. */
export function dropFolder(drops: string, client: string): string {
  return join(drops, client)
}

/** Every file of a commit. */
export function filesOf(world: World, drops: string): Files {
  const texts = new Map<string, string>()
  texts.set('README.md', `Nothing that anybody reads, ${world.readme}.\n`)
  texts.set('templates/mail/note/subject.hbs', '{{job.title}}\n')
  texts.set('templates/mail/note/html.hbs', '<p>{{job.title}}: {{client.title}}</p>\n')
  texts.set('templates/mail/note/text.hbs', '{{job.title}}: {{client.title}}\n')
  const platform = 'jobs.d/platform'
  texts.set(
    `${platform}/settings.yaml`,
    `${head('Settings', 'settings')}alerts: { connection: mail, to: [ops@platform.example] }
maxRemovals: ${world.maxRemovals}
`,
  )
  texts.set(
    `${platform}/connections/mail.yaml`,
    `${head('Connection', 'mail')}title: ${world.mailTitle}
type: smtp
host: mail.platform.example
security: starttls
from: reports@platform.example
`,
  )
  texts.set(
    `${platform}/calendars/work.yaml`,
    `${head('Calendar', 'work')}title: Working days
weekends: [sat, sun]
holidays: [{ date: "${world.holiday}", title: A day off }]
`,
  )
  for (const client of clients) addClient(texts, client, drops)
  for (const [id, job] of Object.entries(world.jobs)) texts.set(`jobs.d/${id}.yaml`, jobText(job))
  const files = new Map([...texts].map(([path, text]) => [path, textContent(text)]))
  for (const [path, content] of Object.entries(world.instead)) {
    if (content) files.set(path, content)
    else files.delete(path)
  }
  return files
}

function addClient(texts: Map<string, string>, client: ClientName, drops: string): void {
  texts.set(
    `jobs.d/${client}/client.yaml`,
    `${head('Client', client)}title: The client ${client}
timezone: UTC
callCenters:
  - { name: dallas, title: Dallas }
  - { name: tampa, title: Tampa }
`,
  )
  texts.set(
    `jobs.d/platform/clients/${client}.yaml`,
    `${head('ClientPolicy', client)}connections: [mail, drop-${client}]
recipientDomains: [${client}.example]
minInterval: 1m
`,
  )
  texts.set(
    `jobs.d/platform/connections/drop-${client}.yaml`,
    `${head('Connection', `drop-${client}`)}type: folder\npath: ${dropFolder(drops, client)}\n`,
  )
}
