import { splitFileName } from './paths.ts'

const mediaTypes: Record<string, string> = {
  csv: 'text/csv',
  gz: 'application/gzip',
  html: 'text/html',
  json: 'application/json',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  txt: 'text/plain',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** The media type that a file name's extension stands for; `application/octet-stream` where it is not known. */
export function mediaTypeOf(fileName: string): string {
  const ext = splitFileName(fileName).ext.toLowerCase()
  return Object.hasOwn(mediaTypes, ext) ? mediaTypes[ext]! : 'application/octet-stream'
}
