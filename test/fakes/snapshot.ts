import type { Connection } from '../../engine/core/manifest.ts'
import type { MailTemplate, Run, Snapshot, Step } from '../../engine/core/model.ts'

const document = { apiVersion: 'jobsd/v1' } as const
const connection = { ...document, kind: 'Connection' } as const

export const connections: Record<string, Connection> = {
  'acme-sftp': {
    ...connection,
    name: 'acme-sftp',
    type: 'sftp',
    host: 'sftp.example',
    username: 'u',
    hostKeys: [],
  },
  'acme-s3': {
    ...connection,
    name: 'acme-s3',
    type: 's3',
    region: 'us-east-1',
    bucket: 'acme',
    accessKeyId: { secret: 'id' },
    secretAccessKey: { secret: 'key' },
  },
  share: { ...connection, name: 'share', type: 'folder', path: '/srv/share' },
  mail: {
    ...connection,
    name: 'mail',
    type: 'smtp',
    host: 'mx.example',
    security: 'tls',
    from: 'reports@jobsd.example',
  },
  warehouse: { ...connection, name: 'warehouse', type: 'dataset', format: 'parquet', path: '/srv/warehouse' },
}

const template: MailTemplate = { name: 'report-ready', subject: 'Ready', html: '<p>Ready</p>', text: 'Ready' }

/** A compiled job of acme (Chicago, call centers dallas and tampa) that may use every connection. */
export function createSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const callCenters = ['dallas', 'tampa']
  return {
    digest: 'd'.repeat(64),
    job: 'acme/eod-call-detail',
    manifest: {
      ...document,
      kind: 'Job',
      name: 'eod-call-detail',
      title: 'End-of-day call detail',
      client: 'acme',
      scope: 'call-center',
      callCenters,
      enabled: true,
      trigger: { type: 'manual' },
      steps: [],
    },
    client: {
      ...document,
      kind: 'Client',
      name: 'acme',
      title: 'Acme Collections',
      timezone: 'America/Chicago',
      callCenters: callCenters.map((name) => ({ name, title: name === 'dallas' ? 'Dallas' : 'Tampa' })),
    },
    policy: {
      ...document,
      kind: 'ClientPolicy',
      name: 'acme',
      connections: Object.keys(connections),
      recipientDomains: ['acme.example'],
      dataset: { connection: 'warehouse' },
    },
    connections,
    schedules: [],
    expectBy: null,
    reports: {
      'call/call-detail': {
        ...document,
        kind: 'Report',
        name: 'call-detail',
        title: 'Call detail',
        category: 'call',
        columns: [{ name: 'call_id', title: 'Call ID', type: 'text' }],
        sql: 'select call_id from calls',
      },
    },
    templates: { [template.name]: template },
    ...changes,
  }
}

/** A run of that job for dallas, due on a Sunday evening in Chicago. */
export function createRun(changes: Partial<Run> = {}): Run {
  return {
    id: '0123456789abcdef',
    job: 'acme/eod-call-detail',
    client: 'acme',
    callCenter: 'dallas',
    state: 'running',
    trigger: { type: 'manual', key: 'k' },
    slot: '2026-11-23T00:30:00.000Z',
    schedule: null,
    event: null,
    snapshot: 'd'.repeat(64),
    revision: 'r',
    position: null,
    token: 1,
    dryRun: false,
    origin: null,
    createdAt: '2026-11-23T00:30:00.100Z',
    startedAt: '2026-11-23T00:30:01.000Z',
    endedAt: null,
    ...changes,
  }
}

/** A step with its edges filled, from what its manifest says. */
export function createStep<T extends Omit<Step, 'onSuccess' | 'onFailure'>>(
  step: T,
): T & { onSuccess: string; onFailure: string } {
  return { onSuccess: 'end', onFailure: 'fail', ...step }
}
