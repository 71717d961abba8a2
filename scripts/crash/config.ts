/** The config repository of the trials: two clients, six jobs, each target in more than one of them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'

export interface Places {
  sftpPort: number
  hostKey: string
  smtpPort: number
  s3Endpoint: string
  /** Of folder connections: `<folders>/<name>`. */
  folders: string
  warehouse: string
  /** Minute and hour, UTC, of the daily slot: far from now. */
  dailyAt: { hour: number; minute: number }
}

export const secrets = {
  'sftp-password': 'sftp-password-of-the-trials',
  's3-id': 'AKIATRIALS',
  's3-secret': 's3-secret-of-the-trials',
  'event-key': 'event-key-of-the-trials',
}
export const bucket = 'trials'

/** Writes it below `dir`. `edition` is part of every job, so that another one makes every job changed. */
export function writeConfig(dir: string, places: Places, edition: string): void {
  const files: Record<string, unknown> = {
    'platform/settings': {
      ...head('Settings', 'settings'),
      alerts: { connection: 'mail', to: ['ops@platform.example'] },
    },
    'platform/clients/acme': policy('acme', ['acme-sftp', 'store', 'archive', 'inbox']),
    'platform/clients/borealis': policy('borealis', ['archive', 'dropbox']),
    'acme/client': client('acme'),
    'borealis/client': client('borealis'),
  }
  for (const name of ['acme-sftp', 'dropbox']) {
    files[`platform/connections/${name}`] = {
      ...head('Connection', name),
      type: 'sftp',
      host: '127.0.0.1',
      port: places.sftpPort,
      username: name,
      password: { secret: 'sftp-password' },
      hostKeys: [places.hostKey],
    }
  }
  for (const name of ['archive', 'inbox'])
    files[`platform/connections/${name}`] = {
      ...head('Connection', name),
      type: 'folder',
      path: join(places.folders, name),
    }
  files['platform/connections/store'] = {
    ...head('Connection', 'store'),
    type: 's3',
    endpoint: places.s3Endpoint,
    region: 'us-east-1',
    bucket,
    accessKeyId: { secret: 's3-id' },
    secretAccessKey: { secret: 's3-secret' },
  }
  files['platform/connections/mail'] = {
    ...head('Connection', 'mail'),
    type: 'smtp',
    host: '127.0.0.1',
    port: places.smtpPort,
    security: 'none',
    from: 'reports@platform.example',
  }
  files['platform/connections/warehouse'] = {
    ...head('Connection', 'warehouse'),
    type: 'dataset',
    format: 'parquet',
    path: places.warehouse,
  }
  for (const job of jobs(places.dailyAt)) {
    const { name, client: owner, ...rest } = job
    const about = { title: `${name}, edition ${edition}`, client: owner, scope: 'client' }
    files[`${owner}/${name}`] = { ...head('Job', name), ...about, ...rest }
  }
  for (const [path, value] of Object.entries(files)) {
    const file = join(dir, 'jobs.d', `${path}.yaml`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, stringify(value))
  }
  const mail = join(dir, 'templates/mail/note')
  mkdirSync(mail, { recursive: true })
  for (const part of ['subject', 'html', 'text']) writeFileSync(join(mail, `${part}.hbs`), '{{job.title}}\n')
}

function head(kind: string, name: string) {
  return { apiVersion: 'jobsd/v1', kind, name }
}

function client(name: string) {
  return {
    ...head('Client', name),
    title: name,
    timezone: 'UTC',
    callCenters: [{ name: 'dallas', title: 'Dallas' }],
  }
}

function policy(name: string, connections: string[]) {
  return {
    ...head('ClientPolicy', name),
    connections: ['mail', ...connections],
    recipientDomains: [`${name}.example`],
    dataset: { connection: 'warehouse', client: name },
    eventKeys: [{ name: 'events', key: { secret: 'event-key' } }],
  }
}

function report(fileName: string) {
  return {
    name: 'build',
    type: 'report',
    report: 'call/call-detail',
    period: 'day',
    format: 'csv',
    fileName,
    onEmpty: 'send',
  }
}

function copy(name: string, from: string, connection: string, path: string, overwrite?: string) {
  return { name, type: 'ftp-out-copy', from, connection, path, ...(overwrite && { overwrite }) }
}

function store(from: string, prefix: string) {
  return { name: 'store', type: 'cloud-copy', from, connection: 'store', prefix }
}

function mail(to: string, onDoubt: 'hold' | 'resend', from?: string) {
  return {
    name: 'mail',
    type: 'email',
    connection: 'mail',
    to: [to],
    template: 'note',
    onDoubt,
    ...(from && { from }),
  }
}

function dropped(connection: string) {
  const folder = { connection, path: '/in', complete: 'renamed', every: '1s' }
  return { type: 'ftp-in', folders: [folder] }
}

function jobs({ hour, minute }: Places['dailyAt']) {
  const daily = { name: 'daily', cron: `${minute} ${hour} * * *`, catchUp: 'all', catchUpWindow: '7d' }
  return [
    {
      client: 'acme',
      name: 'daily',
      trigger: { type: 'scheduled', schedules: [daily] },
      steps: [
        report('daily_{slot:yyyyMMdd}.csv'),
        copy('sftp', 'build', 'acme-sftp', '/outbound/daily'),
        store('build', 'daily/'),
        copy('folder', 'build', 'archive', '/daily'),
        mail('daily@acme.example', 'hold', 'build'),
      ],
    },
    {
      client: 'acme',
      name: 'campaign',
      trigger: { type: 'campaign' },
      steps: [
        report('campaign_{campaign.id}.csv'),
        copy('sftp', 'build', 'acme-sftp', '/outbound/campaign', 'replace'),
        mail('campaign@acme.example', 'resend', 'build'),
      ],
    },
    {
      client: 'acme',
      name: 'follow',
      trigger: { type: 'after', job: 'campaign' },
      steps: [report('follow_{campaign.id}.csv'), copy('folder', 'build', 'archive', '/follow')],
    },
    {
      client: 'acme',
      name: 'upload',
      trigger: dropped('inbox'),
      steps: [
        copy('sftp', 'trigger', 'acme-sftp', '/uploads'),
        store('trigger', 'uploads/'),
        { name: 'move', type: 'move-file', from: 'trigger', path: '/done' },
        mail('upload@acme.example', 'resend', 'trigger'),
      ],
    },
    {
      client: 'borealis',
      name: 'upload',
      trigger: dropped('dropbox'),
      steps: [
        copy('folder', 'trigger', 'archive', '/borealis'),
        { name: 'move', type: 'move-file', from: 'trigger', path: '/done' },
        mail('upload@borealis.example', 'hold', 'trigger'),
      ],
    },
    {
      client: 'borealis',
      name: 'by-hand',
      trigger: { type: 'manual' },
      steps: [{ ...mail('hand@borealis.example', 'hold'), subject: 'By hand {{slot}}' }],
    },
  ]
}
