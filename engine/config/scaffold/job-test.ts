/** The tests that a requested job begins with: it delivers, it meets an empty report, and a target that is down. */
import type { JobTest, JobTestCase } from '../../core/manifest.ts'
import { periodOf } from '../../core/period.ts'
import type { PlannedSlot } from '../../core/slots.ts'
import { expandPath, expandTokens, type TokenValues } from '../../core/tokens.ts'
import { formatWithOffset } from '../../core/zone.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'
import { type DeliveryRequest, type JobRequest, jobOf } from './job.ts'

type Given = NonNullable<JobTestCase['given']>
type ExpectedDelivery = NonNullable<JobTestCase['expect']['deliveries']>[number]

const rows = 3
const campaign = { id: 'C-1001', name: 'Spring' }
const stepOf: Record<DeliveryRequest['way'], string> = { email: 'mail', sftp: 'upload', s3: 'store' }

const emptyWords = {
  send: 'sends an empty report too',
  skip: 'does not send an empty report',
  fail: 'takes an empty report for a failure',
}

/** Writes the tests of a requested job. `slot` is one of its schedule's, null for a campaign job. */
export function writeJobTest(request: JobRequest, slot: PlannedSlot | null): NewFile {
  const { client, name, onEmpty, deliveries } = request
  const given = givenOf(request, slot)
  const names = ['build', ...deliveries.map(({ way }) => stepOf[way])]
  const delivers = (count: number): JobTestCase['expect'] => ({
    path: names,
    outcome: 'succeeded',
    alert: false,
    deliveries: expectedDeliveries(request, slot, count),
  })
  const tests: JobTestCase[] = [
    { name: 'delivers the report', given: { ...given, steps: { build: { rows } } }, expect: delivers(rows) },
    {
      name: emptyWords[onEmpty],
      given: { ...given, steps: { build: { rows: 0 } } },
      expect: onEmpty === 'send' ? delivers(0) : endedEmpty(onEmpty),
    },
    ...names.map((step, index) => ({
      name: `tells the operators when ${step} fails`,
      given: {
        ...given,
        steps: {
          ...(index > 0 && { build: { rows } }),
          [step]: { fails: index > 0 ? 'ENDPOINT_UNREACHABLE' : 'REPORT_FAILED' },
        },
      },
      expect: {
        path: names.slice(0, index + 1),
        outcome: 'failed' as const,
        alert: true,
        deliveries: expectedDeliveries(request, slot, rows).slice(0, Math.max(0, index - 1)),
      },
    })),
  ]
  const value: JobTest = { apiVersion: 'jobsd/v1', kind: 'JobTest', name, tests: tests as JobTest['tests'] }
  return writeManifest(`jobs.d/${client.name}/${name}.test.yaml`, value)
}

function endedEmpty(onEmpty: 'skip' | 'fail'): JobTestCase['expect'] {
  const outcome = onEmpty === 'skip' ? 'skipped' : 'failed'
  return { path: ['build'], outcome, alert: onEmpty === 'fail', deliveries: [] }
}

function givenOf(request: JobRequest, slot: PlannedSlot | null): Given {
  const callCenter = callCenterOf(request)
  return {
    ...(slot && { slot: formatWithOffset(request.client.timezone, slot.at) }),
    ...(callCenter !== null && { callCenter }),
    ...(slot === null && { event: { type: 'campaign.ended', data: { campaign } } }),
  }
}

function callCenterOf({ scope, callCenters, client }: JobRequest): string | null {
  return scope === 'client' ? null : (callCenters?.[0] ?? client.callCenters[0]?.name ?? null)
}

function expectedDeliveries(
  request: JobRequest,
  slot: PlannedSlot | null,
  count: number,
): ExpectedDelivery[] {
  const values = tokenValuesOf(request, slot)
  const [build] = jobOf(request).steps
  if (build?.type !== 'report') return []
  const fileName = expandTokens(build.fileName, values)
  return request.deliveries.map((delivery) => {
    const step = stepOf[delivery.way]
    if (delivery.way === 'email') return { step, to: delivery.to, attachments: [fileName], rows: count }
    const { connection } = delivery
    if (delivery.way === 's3') {
      return { step, connection, key: `${expandPath(delivery.prefix, values)}${fileName}`, rows: count }
    }
    const folder = expandPath(delivery.path, values).replace(/\/$/, '')
    return { step, connection, path: `${folder}/${fileName}`, rows: count }
  })
}

function tokenValuesOf(request: JobRequest, slot: PlannedSlot | null): TokenValues {
  const { client, name, report, format, period } = request
  const cutOff = client.dayCutOff ?? '00:00'
  return {
    client: client.name,
    callCenter: callCenterOf(request),
    job: name,
    report: report.slice(report.indexOf('/') + 1),
    campaign: slot === null ? campaign : null,
    period:
      slot === null || period === 'campaign'
        ? null
        : periodOf(period, slot.at, client.timezone, cutOff, { skippedDays: slot.skippedDays }),
    slotMs: slot?.at ?? 0,
    timezone: client.timezone,
    seq: null,
    runId: '',
    ext: format,
  }
}

/** Writes the test of the job that takes a client's posted files. */
export function writeFtpInTest(client: string, { path }: { path: string }): NewFile {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const value: JobTest = {
    apiVersion: 'jobsd/v1',
    kind: 'JobTest',
    name: 'campaign-upload',
    tests: [
      {
        name: 'moves a posted file out of the drop folder',
        given: { slot: '2026-11-20T10:00', file: { name: 'spring.csv', content: 'account,phone\n' } },
        expect: {
          path: ['move'],
          outcome: 'succeeded',
          alert: false,
          moves: [{ from: `${path}/spring.csv`, to: `${folder}/loaded/20261120-100000_spring.csv` }],
        },
      },
      {
        name: 'tells the operators when move fails',
        given: { file: { name: 'spring.csv' }, steps: { move: { fails: 'TARGET_REFUSED' } } },
        expect: { path: ['move'], outcome: 'failed', alert: true, moves: [] },
      },
    ],
  }
  return writeManifest(`jobs.d/${client}/campaign-upload.test.yaml`, value)
}
