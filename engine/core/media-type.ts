import { splitFileName } from './paths.ts'

const mediaTypes: Record<string, string> = {
  asc: 'text/plain',
  csv: 'text/csv',
  gpg: 'application/pgp-encrypted',
  gz: 'application/gzip',
  html: 'text/html',
  json: 'application/json',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  pgp: 'application/pgp-encrypted',
  sig: 'application/pgp-signature',
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
