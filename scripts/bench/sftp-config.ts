/** One client with one job: a month's calls as a .csv.gz to an SFTP server. Paths with their texts. */
import { stringify } from 'yaml'
import { columns, queryOf } from './report-data.ts'

const kind = (kind: string, name: string, rest: object) =>
  stringify({ apiVersion: 'jobsd/v1', kind, name, ...rest })

export const sftpPlatform: Record<string, string> = {
  'settings.yaml': kind('Settings', 'settings', { alerts: { connection: 'mail', to: ['ops@acme.example'] } }),
  'connections/mail.yaml': kind('Connection', 'mail', {
    title: 'Mail',
    type: 'smtp',
    host: 'mail.acme.example',
    port: 25,
    security: 'none',
    from: 'jobsd@acme.example',
  }),
  'clients/acme.yaml': kind('ClientPolicy', 'acme', {
    connections: ['acme-sftp'],
    recipientDomains: ['acme.example'],
    dataset: { connection: 'warehouse', client: 'acme' },
    reportLimits: { maxFile: '4GiB', maxTemporary: '20GiB' },
  }),
  'connections/acme-sftp.yaml': kind('Connection', 'acme-sftp', {
    title: 'SFTP',
    type: 'sftp',
    host: 'sftp.acme.example',
    username: 'acme',
    password: { secret: 'acme-sftp-password' },
    hostKeys: ['SHA256:lB2mF8qXyvLzV0kQxJ9rT3nWd5cGhS7oPa1uEiRbYtM'],
    root: '/',
  }),
  'connections/warehouse.yaml': kind('Connection', 'warehouse', {
    title: 'Calls',
    type: 'dataset',
    format: 'parquet',
    path: '/srv/warehouse',
  }),
}

const steps = [
  {
    name: 'build',
    type: 'report',
    report: 'call/bench',
    period: 'month',
    format: 'csv',
    gzip: true,
    fileName: 'calls.{ext}',
    onEmpty: 'fail',
    timeout: '2h',
    onSuccess: 'upload',
  },
  {
    name: 'upload',
    type: 'ftp-out-copy',
    from: 'build',
    connection: 'acme-sftp',
    path: '/out',
    overwrite: 'fail',
    timeout: '2h',
    onSuccess: 'end',
  },
]

export const sftpConfig: Record<string, string> = {
  'jobs.d/acme/client.yaml': kind('Client', 'acme', {
    title: 'Acme',
    timezone: 'America/Chicago',
    dayCutOff: '00:00',
    callCenters: [
      { name: 'dallas', title: 'Dallas' },
      { name: 'tampa', title: 'Tampa' },
    ],
  }),
  'jobs.d/acme/month.yaml': kind('Job', 'month', {
    title: 'All calls of the month',
    client: 'acme',
    scope: 'client',
    trigger: { type: 'scheduled', schedules: [{ name: 'monthly', cron: '0 12 1 * *', timezone: 'UTC' }] },
    steps,
  }),
  'templates/reports/call/bench/report.yaml': kind('Report', 'bench', {
    title: 'Calls',
    description: 'The calls of the period.',
    category: 'call',
    columns: columns.map(([name, type = 'text']) => ({ name, title: name, type })),
  }),
  'templates/reports/call/bench/query.sql': queryOf('calls'),
}
