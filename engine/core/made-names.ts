import type { Job } from './manifest.ts'

type AnyStep = Job['steps'][number]

/** What a zip of several files is called where its step does not say. */
export const severalName = '{client}_{callCenter}_{job}_{slot:yyyyMMddHHmm}.zip'

/**
 * What a step calls the file that it makes of one of `sourceName`, where its manifest does not say; undefined for a
 * step that makes no file of each of its own `from`.
 */
export function madeName(step: AnyStep, sourceName: string): string | undefined {
  switch (step.type) {
    case 'encrypt':
      return `${sourceName}.${step.armor ? 'asc' : 'pgp'}`
    case 'decrypt':
      return sourceName.replace(/(?<=.)\.(pgp|gpg|asc)$/i, '')
    case 'sign':
      return `${sourceName}.${step.armor ? 'asc' : 'sig'}`
    case 'compress':
      return `${sourceName}.${step.format === 'gzip' ? 'gz' : 'zip'}`
    default:
      return undefined
  }
}
