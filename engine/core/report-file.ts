/** What a report step's file is called by its format. Pure. */
import type { ReportFormat } from './manifest.ts'
import type { StepOf } from './model.ts'
import { standardLayouts } from './standard-layouts.ts'

export type FileFormat = StepOf<'report'>['format']

/** For machines: the same data gives the same bytes, and there is no header block. */
export const machineFormats: readonly FileFormat[] = ['csv', 'txt', 'fixed', 'json', 'parquet']
export const layoutFormats: readonly FileFormat[] = ['csv', 'txt', 'fixed']
/** The others are compressed by themselves, or read in a browser. */
export const gzipFormats: readonly FileFormat[] = ['csv', 'txt', 'fixed', 'json']

/** What the token {ext} stands for, without a point in front: `csv`, `csv.gz`, `txt` for fixed. */
export function fileExtension({ format, gzip }: { format: FileFormat; gzip?: boolean }): string {
  const ext = format === 'fixed' ? 'txt' : format
  return gzip ? `${ext}.gz` : ext
}

/** A client's layouts, its own before the standard ones; a standard one is hidden by an own one of its name. */
export function layoutsOf(client: { reportFormats?: ReportFormat[] }): ReportFormat[] {
  const own = client.reportFormats ?? []
  return [...own, ...standardLayouts.filter(({ name }) => !own.some((other) => other.name === name))]
}

export function layoutOf(client: { reportFormats?: ReportFormat[] }, name: string): ReportFormat | undefined {
  return layoutsOf(client).find((layout) => layout.name === name)
}
