/** A fresh config repository: valid, with one client whose jobs run without any server. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { civilDay, DAY } from '../../core/civil.ts'
import type { Client } from '../../core/manifest.ts'
import { enumerateSlots } from '../../core/slots.ts'
import { settingsFile } from '../layout.ts'
import { compileSchedule } from '../schedule.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'
import { writeCalendar } from './calendar.ts'
import { writeClient, writeFtpInJob, writePolicy } from './client.ts'
import { writeConnection } from './connection.ts'
import { cronOf, type JobRequest, suggestJobName, suggestJobTitle, usualTime, writeJob } from './job.ts'
import { writeFtpInTest, writeJobTest } from './job-test.ts'
import { writeSampleData } from './sample-data.ts'

const packageRoot = join(import.meta.dirname, '../../..')
const connectionBase = { apiVersion: 'jobsd/v1', kind: 'Connection' } as const
const dropFolder = { connection: 'dropbox-example', path: '/campaigns' }

/**
 * All files of a fresh repository that will be at `root`, an absolute path: connections to folders name it, since
 * an engine's working folder is nobody's promise.
 */
export function writeRepository(root: string, timezone: string, nowMs: number): NewFile[] {
  const client: Client = {
    apiVersion: 'jobsd/v1',
    kind: 'Client',
    name: 'example',
    title: 'Example Client',
    timezone,
    callCenters: [
      { name: 'dallas', title: 'Dallas, TX' },
      { name: 'tampa', title: 'Tampa, FL' },
    ],
  }
  const { apiVersion: _, kind: __, ...own } = client
  return [
    ...standardTexts(),
    ...writeSchemas(),
    ...writePlatform(root, nowMs),
    writePolicy({
      name: client.name,
      connections: ['mail', 'deliveries', dropFolder.connection],
      recipientDomains: ['client.example'],
      dataset: { connection: 'warehouse' },
    }),
    writeClient(own),
    ...writeExampleJobs(client, nowMs),
    ...writeSampleData('sample/data', client, nowMs),
    { path: 'sample/deliveries/.gitkeep', text: '' },
    { path: `sample/dropbox/example${dropFolder.path}/.gitkeep`, text: '' },
  ]
}

/**
 * The schemas as files of the repository: `$schema=` is a relative path, so editors complete and check without a
 * network or an installed package, and everybody with the same commit sees the same.
 */
export function writeSchemas(): NewFile[] {
  return readdirSync(join(packageRoot, 'schemas'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => ({
      path: `schemas/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(packageRoot, 'schemas', path), 'utf8'),
    }))
}

export const forges = ['github', 'gitlab'] as const
export type Forge = (typeof forges)[number]

const ciFiles: Record<Forge, Record<string, string>> = {
  github: {
    'github-plan.yml': '.github/workflows/jobsd-plan.yml',
    'github-plan-comment.yml': '.github/workflows/jobsd-plan-comment.yml',
  },
  gitlab: {
    'gitlab.yml': 'scripts/ci/gitlab.yml',
    'gitlab-comment.mjs': 'scripts/ci/gitlab-comment.mjs',
  },
}

/** The checks on pull requests for a forge; docs/ci.md says what is left to do there. */
export function writeCi(forge: Forge): NewFile[] {
  const copied = Object.entries(ciFiles[forge]).map(([name, path]) => ({
    path,
    text: readFileSync(join(packageRoot, 'scripts/ci', name), 'utf8'),
  }))
  if (forge === 'github') return copied
  return [...copied, { path: '.gitlab-ci.yml', text: 'include: [{ local: scripts/ci/gitlab.yml }]\n' }]
}

function standardTexts(): NewFile[] {
  const read = (name: string) => readFileSync(join(packageRoot, 'templates/new/repository', name), 'utf8')
  return [
    { path: 'README.md', text: read('README.md') },
    { path: '.gitignore', text: read('ignore.txt') },
    { path: 'templates/README.md', text: read('templates.md') },
  ]
}

function writePlatform(root: string, nowMs: number): NewFile[] {
  const { year } = civilDay(Math.floor(nowMs / DAY))
  const folder = { ...connectionBase, type: 'folder' as const }
  return [
    writeManifest(
      settingsFile,
      {
        apiVersion: 'jobsd/v1',
        kind: 'Settings',
        name: 'settings',
        alerts: { connection: 'mail', to: ['operators@platform.example'] },
      },
      { '/alerts': 'Who is told of every failed step. It cannot be switched off.' },
    ),
    writeConnection({
      ...connectionBase,
      name: 'mail',
      title: 'The mail relay',
      type: 'smtp',
      host: '127.0.0.1',
      port: 25,
      security: 'none',
      from: 'reports@platform.example',
    }),
    writeConnection({
      ...connectionBase,
      name: 'warehouse',
      title: 'Sample calls',
      type: 'dataset',
      format: 'csv',
      path: `${root}/sample/data`,
    }),
    writeConnection({
      ...folder,
      name: 'deliveries',
      title: 'A folder to try deliveries out',
      path: `${root}/sample/deliveries`,
    }),
    writeConnection({
      ...folder,
      name: dropFolder.connection,
      title: "Example's drop folder",
      path: `${root}/sample/dropbox/example`,
    }),
    writeCalendar({
      name: 'business-days',
      title: 'Business days',
      weekends: ['sat', 'sun'],
      holidays: [
        { date: `${year}-12-25`, title: 'Christmas Day' },
        { date: `${year + 1}-01-01`, title: "New Year's Day" },
      ],
    }),
  ]
}

function writeExampleJobs(client: Client, nowMs: number): NewFile[] {
  const report = 'call/call-detail'
  const schedule = { cron: cronOf('eod', usualTime(client)) }
  const request: JobRequest = {
    client,
    name: suggestJobName('eod', report),
    title: suggestJobTitle('eod', 'Call detail'),
    scope: 'call-center',
    report,
    format: 'csv',
    frequency: 'eod',
    schedule,
    period: 'day',
    onEmpty: 'send',
    deliveries: [{ way: 'sftp', connection: 'deliveries', path: '/reports' }],
  }
  const compiled = compileSchedule({ name: 'daily', ...schedule }, client, { calendars: new Map() })
  const [slot] = enumerateSlots(compiled, nowMs, nowMs + 2 * DAY, 1)
  return [
    writeJob(request),
    writeJobTest(request, slot ?? null),
    writeFtpInJob(client.name, dropFolder),
    writeFtpInTest(client.name, dropFolder),
  ]
}
