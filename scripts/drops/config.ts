/** The config repository of the drops: one client, one job, a drop folder for each rule of completeness. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'

export const rules = ['renamed', 'done', 'sum', 'stable'] as const
export type DropRule = (typeof rules)[number]

export const pollMs = 1_000
export const stableMs = 3_000

/** Where the job finds its folders: `connection` is a Connection's own keys. */
export function writeConfig(dir: string, connection: Record<string, unknown>): void {
  const head = (kind: string, name: string) => ({ apiVersion: 'jobsd/v1', kind, name })
  const complete: Record<DropRule, object> = {
    renamed: { complete: 'renamed' },
    done: { companion: { suffix: '.done' } },
    sum: { companion: { suffix: '.sha256' } },
    stable: { complete: 'stable', polls: 3, minAge: `${stableMs / 1000}s` },
  }
  const folders = rules.map((rule) => ({
    connection: 'drops',
    path: `/${rule}`,
    every: `${pollMs / 1000}s`,
    archive: '/archive',
    error: '/error',
    ...complete[rule],
  }))
  const files: Record<string, object> = {
    'platform/settings': {
      ...head('Settings', 'settings'),
      alerts: { connection: 'mail', to: ['ops@platform.example'] },
    },
    'platform/clients/acme': {
      ...head('ClientPolicy', 'acme'),
      connections: ['mail', 'drops'],
      recipientDomains: ['acme.example'],
    },
    // Nobody listens there: what is told stays in the ledger.
    'platform/connections/mail': {
      ...head('Connection', 'mail'),
      type: 'smtp',
      host: '127.0.0.1',
      port: 9,
      security: 'none',
      from: 'reports@platform.example',
    },
    'platform/connections/drops': { ...head('Connection', 'drops'), ...connection },
    'acme/client': {
      ...head('Client', 'acme'),
      title: 'Acme',
      timezone: 'UTC',
      callCenters: [{ name: 'dallas', title: 'Dallas' }],
    },
    'acme/upload': {
      ...head('Job', 'upload'),
      title: 'Upload',
      client: 'acme',
      scope: 'client',
      trigger: { type: 'ftp-in', folders },
      steps: [
        {
          name: 'look',
          type: 'condition',
          when: { value: 'file.size', greaterThan: 0 },
          onSuccess: 'end',
          onFailure: 'fail',
        },
      ],
    },
  }
  for (const [path, value] of Object.entries(files)) {
    const file = join(dir, 'jobs.d', `${path}.yaml`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, stringify(value))
  }
}
