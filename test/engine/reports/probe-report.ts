import { join } from 'node:path'
import type { Column, FileDatasetConnection } from '../../../engine/core/manifest.ts'
import type { ReportRequest } from '../../../engine/reports/run-report.ts'

/** Requests of one small report on the datasets in the folder; they write `out.csv` there and work in `work`. */
export function createProbe(folder: string) {
  const dataset = (
    path = 'parquet',
    format: FileDatasetConnection['format'] = 'parquet',
  ): FileDatasetConnection & { type: 'dataset' } => ({
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    type: 'dataset',
    name: 'warehouse',
    format,
    path: join(folder, path),
  })

  /** Columns as `name:type name`, text where no type is given. */
  function request(sql: string, columns: string, rest: Partial<ReportRequest> = {}): ReportRequest {
    const toColumn = (text: string): Column => {
      const [name, type = 'text'] = text.split(':')
      return { name: name!, title: name!.toUpperCase(), type: type as Column['type'] }
    }
    return {
      definition: {
        apiVersion: 'jobsd/v1',
        kind: 'Report',
        name: 'probe',
        title: 'Probe',
        category: 'call',
        columns: columns.split(' ').map(toColumn),
        sql,
      },
      dataset: dataset(),
      tenant: { client: 'acme', callCenters: ['dallas'] },
      params: { period_start: '2026-11-20T06:00:00.000Z', period_end: '2026-11-21T06:00:00.000Z' },
      timezone: 'America/Chicago',
      format: 'csv',
      outPath: join(folder, 'out.csv'),
      workFolder: join(folder, 'work'),
      ...rest,
    }
  }

  return { dataset, request }
}
