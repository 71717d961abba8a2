/** What the pictures of the operators' mails tell. */
import type { AlertRecord } from '../../engine/core/contracts/alerts.ts'

const record = {
  id: 'sample',
  runId: '019ab4c2d7e1',
  recipients: { route: 'operators', to: null },
  state: 'pending' as const,
  createdAt: '2026-11-21T00:31:00.000Z',
}

export const sampleAlerts: Record<string, AlertRecord> = {
  alert: {
    ...record,
    about: {
      step: {
        job: { id: 'acme/eod-call-detail', title: 'End-of-day call detail' },
        client: { name: 'acme', title: 'Acme Collections', timezone: 'America/Chicago' },
        callCenter: 'dallas',
        run: { id: '019ab4c2d7e1', slot: '2026-11-21T00:30:00.000Z', revision: '3f9c1d2' },
        step: { name: 'upload', type: 'ftp-out-copy', attempts: 5 },
        error: {
          code: 'ENDPOINT_UNREACHABLE',
          message: 'cannot reach acme-sftp: the connection was refused',
          hint: 'Is the server up, and may this machine reach it?',
        },
        next: 'The run has failed.',
        streak: { failures: 3, since: '2026-11-19T00:30:09.000Z' },
      },
    },
  },
}
